import { constants, copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inboxOf, workOf } from '../../../shared/archives/places.ts';
import { basesOf } from '../../../shared/config/settings.ts';
import { errnoOf } from '../../../shared/errors.ts';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { renameNoReplace } from '../../../shared/linux/rename.ts';
import { type Check, type Examined, fail, ok } from './check.ts';
import { nearestExisting, withProbe } from './probe.ts';

/** What archives need of their base. That it is there and can be written to, and which file system it is on, is looked at with all places. */
export const examineArchives = ({ settings }: Examined): Check[] =>
  basesOf(settings.routes)
    .filter((base) => existsSync(base))
    .flatMap((base) => [examineOneFileSystem(base), examineCopies(base)]);

/** What is staged or collected is renamed within the base. */
function examineOneFileSystem(base: string): Check {
  const within = [inboxOf(base), workOf(base)].map((place) => nearestExisting(place));
  const other = within.find((place) => place !== base && !isMoved(place, base));
  if (other === undefined)
    return ok('archives', `${base}, its inbox and its .wharfinger are on one file system`);
  const mend = 'let all of a base lie on one file system, and one mount of it';
  return fail('archives', `${other} is on another file system than ${base}`, mend);
}

function isMoved(from: string, to: string): boolean {
  try {
    withProbe(from, 'file', (probe) => renameNoReplace(fromText(probe.path), fromText(probe.otherName(to))));
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    return false;
  }
}

/** Tried, since the name of a file system does not tell: XFS may have been made without. */
function examineCopies(base: string): Check {
  const isShared = withProbe(base, 'directory', ({ path }) => {
    const [from, to] = [join(path, 'from'), join(path, 'to')];
    writeFileSync(from, 'something');
    try {
      copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE);
      return true;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  });
  return isShared
    ? ok('reflink', `volumes in ${base} are copied as reflinks, without reading them`)
    : ok('reflink', `volumes in ${base} are copied whole when something is added: there are no reflinks`);
}
