import { rmSync, writeFileSync } from 'node:fs';
import { EnvironmentError, errnoOf } from '../errors.ts';
import { fromText, join, toBytes } from '../fs/byte-path.ts';
import { renameNoReplace } from '../linux/rename.ts';

/**
 * Refuses directories between which no file can be moved at once. Tried with a hidden file, since two mounts of one file system have one
 * device number and still are two.
 *
 * @throws EnvironmentError with `details` where they are not on one file system; as node:fs does where one cannot be written to
 */
export function refuseOtherFileSystem(
  from: string,
  to: string,
  details: { code: string; hint: string },
): void {
  const probe = (directory: string) => join(fromText(directory), `.wharfinger-${process.pid}.probe`);
  writeFileSync(toBytes(probe(from)), '');
  try {
    renameNoReplace(probe(from), probe(to));
    rmSync(toBytes(probe(to)), { force: true });
  } catch (error) {
    rmSync(toBytes(probe(from)), { force: true });
    if (errnoOf(error) !== 'EXDEV') throw error;
    throw new EnvironmentError(`${from} and ${to} are on different file systems`, {
      ...details,
      op: 'rename',
      subject: to,
    });
  }
}
