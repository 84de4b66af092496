import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { inboxOf } from '../places.ts';
import { stagingName } from '../staging/staging-name.ts';
import type { StagingFile } from './inbox.ts';

/**
 * Takes an open staging archive from its writer, by its name: one that only slept finds the name gone, and deposits what was not
 * acknowledged somewhere else.
 *
 * @returns undefined where its name is another by now: its writer lives, or has closed it, or somebody else has it
 * @throws as node:fs does
 */
export function take(base: string, { file, name }: StagingFile): StagingFile | undefined {
  const taken = { ...name, state: 'taken' as const, turn: 0 };
  const takenFile = stagingName(taken);
  try {
    renameSync(join(inboxOf(base), file), join(inboxOf(base), takenFile));
    return { file: takenFile, name: taken };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
