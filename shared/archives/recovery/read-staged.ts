import type { StagedMember } from '../contract.ts';
import { byDirectory, findWholeDirectory } from './by-directory.ts';
import { byHeaders } from './by-headers.ts';

/** Something in a staging archive that is no whole member: what a writer was at when it died, or what a disk has spoiled. */
export type StagedDamage = {
  offset: number;
  bytes: number;
  /** The whole path of the deposit, as far as it can be read; not to be trusted. */
  name: string | undefined;
  /** The end of a sentence that begins with the member. */
  detail: string;
};

export type Staged = { member: StagedMember } | { damage: StagedDamage };

/**
 * Every member of a staging archive that is whole, in the order of the file, and what is left over. The bytes of each member were read and
 * have the CRC and the SHA-256 of its header, the header has the CRC that it ends with, and the `random` of the file's name: what is
 * stored in a member is never taken for one, be it a staging archive itself.
 *
 * By the central directory where that is whole, and leaves no gap between members; by the local headers else. Zeros at the end
 * and a directory that is not finished are no damage. Memory is bounded.
 *
 * @param random sixteen hex digits
 * @throws as node:fs does: EIO, …
 */
export async function* readStaged(
  fd: number,
  sizeBytes: number,
  random: string,
): AsyncGenerator<Staged, void, undefined> {
  const end = findWholeDirectory(fd, sizeBytes, random);
  if (end === undefined) yield* byHeaders(fd, sizeBytes, random);
  else yield* byDirectory(fd, end);
}
