import { readdirSync } from 'node:fs';
import { inboxOf } from '../archives/places.ts';
import { parseStagingName, stagingStem } from '../archives/staging/staging-name.ts';
import { errnoOf } from '../errors.ts';

/**
 * The staging archives that are in the inbox, without turn and suffix. What is in none of them, and in no archive that is looked at after
 * this, is lost: a staging archive goes last.
 *
 * @throws as node:fs does, but not where there is no inbox
 */
export function stagedIn(base: string): ReadonlySet<string> {
  try {
    return new Set(
      readdirSync(inboxOf(base)).flatMap((file) => {
        const name = parseStagingName(file);
        return name === undefined ? [] : [stagingStem(name)];
      }),
    );
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return new Set();
    throw error;
  }
}
