import { existsSync } from 'node:fs';
import { errnoOf } from '../../../shared/errors.ts';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { renameNoReplace } from '../../../shared/linux/rename.ts';
import { type Check, type Examined, ok, warn } from './check.ts';
import { nearestExisting, withProbe } from './probe.ts';

/** Whether files are moved to the warehouse by rename or have to be copied: tried, since device numbers do not tell. */
export function examineMoving({ settings }: Examined): Check[] {
  const ways = new Map(
    settings.routes.map(({ input, warehouse }) => [`${input}\0${warehouse}`, { input, warehouse }]),
  );
  return [...ways.values()]
    .filter(({ input }) => existsSync(input))
    .map(({ input, warehouse }) => examineWay(input, nearestExisting(warehouse), warehouse));
}

function examineWay(input: string, existing: string, warehouse: string): Check {
  try {
    withProbe(input, 'file', (probe) =>
      renameNoReplace(fromText(probe.path), fromText(probe.otherName(existing))),
    );
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    return warn(
      'move',
      `${warehouse} is on another file system than ${input}: each file is copied`,
      'put both on one file system, and one mount of it, where speed matters',
    );
  }
  return ok('move', `files go from ${input} to ${warehouse} by rename, on one file system`);
}

/** Whether the file system refuses by itself to replace a file. Asked with a directory, for which nothing else could do it. */
export function examineNoReplace({ settings }: Examined): Check[] {
  const warehouses = [...new Set(settings.routes.map(({ warehouse }) => nearestExisting(warehouse)))];
  return warehouses.map((warehouse) => {
    try {
      withProbe(warehouse, 'directory', (probe) =>
        renameNoReplace(fromText(probe.path), fromText(probe.otherName(warehouse))),
      );
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== 'EINVAL' && errno !== 'ENOSYS') throw error;
      return warn(
        'no-replace',
        `the file system of ${warehouse} does not know RENAME_NOREPLACE: link and unlink stand in for it`,
        'nothing is lost by it; ext4, xfs, btrfs and tmpfs know it',
      );
    }
    return ok(
      'no-replace',
      `the file system of ${warehouse} never replaces a file by a rename (RENAME_NOREPLACE)`,
    );
  });
}
