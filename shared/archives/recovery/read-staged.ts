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
 * One that its writer has closed by the central directory where that is whole, and leaves no gap between members. By the local headers
 * else: zeros at the end and a directory that is not finished are no damage then, but of a closed one, which had its directory before it
 * had its name: nobody knows what else has gone with it. Memory is bounded, and others get their turn while it reads.
 *
 * @param random sixteen hex digits
 * @throws as node:fs does: EIO, …
 */
export async function* readStaged(
  fd: number,
  sizeBytes: number,
  random: string,
  { isClosed = false }: { isClosed?: boolean } = {},
): AsyncGenerator<Staged, void, undefined> {
  const end = isClosed ? await findWholeDirectory(fd, sizeBytes, random) : undefined;
  if (end !== undefined) return yield* byDirectory(fd, end);
  const offset = yield* byHeaders(fd, sizeBytes, random);
  if (!isClosed) return;
  yield { damage: { offset, bytes: sizeBytes - offset, name: undefined, detail: NO_DIRECTORY } };
}

const NO_DIRECTORY = 'is missing or spoiled: the file was closed with a directory, and has no whole one';
