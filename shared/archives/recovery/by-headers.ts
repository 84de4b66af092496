import { FileWindow } from '../zip/file-window.ts';
import { HeaderFinder } from './find-header.ts';
import { endsInDirectory } from './half-directory.ts';
import type { Staged } from './read-staged.ts';
import { checked } from './staged-header.ts';
import { isZeroFrom } from './zeros.ts';

/**
 * Walks a staging archive by its local headers. Behind a member that is not whole, or where none begins, the search goes on byte by byte:
 * the length that a header states is only believed when the bytes it speaks of are right. Where they are not, again and again, as
 * nothing but intent can bring about, it ends: one file takes no longer than its length warrants.
 *
 * @returns where the last member ends, or the last damage
 * @throws as node:fs does
 */
export async function* byHeaders(
  fd: number,
  sizeBytes: number,
  random: string,
): AsyncGenerator<Staged, number, undefined> {
  const rest = new FileWindow(fd, sizeBytes);
  const file = { fd, sizeBytes, window: new FileWindow(fd, sizeBytes) };
  const headers = new HeaderFinder(file, random);
  let [offset, failedBytes] = [0, 0];
  while (offset < sizeBytes) {
    const header = headers.at(offset);
    const found = header === undefined ? NO_HEADER : await checked(file, header);
    if (header !== undefined && 'member' in found) {
      yield found;
      offset = header.dataOffset + header.packedBytes;
      continue;
    }
    if (header === undefined && (await isRestOfNone(rest, offset, random))) return offset;
    if (header !== undefined && header.dataOffset + header.packedBytes <= sizeBytes)
      failedBytes += header.packedBytes;
    const isHopeless = failedBytes > FAILED_LENGTHS * sizeBytes;
    const next = isHopeless ? sizeBytes : await headers.next(offset + 1);
    const name = header?.nameBytes.toString('utf8') ?? headers.nameAt(offset);
    const detail = ('detail' in found ? found.detail : undefined) ?? describe(name, rest.at(offset, 1)[0]);
    yield { damage: { offset, bytes: next - offset, name, detail: isHopeless ? detail + HOPELESS : detail } };
    offset = next;
  }
  return offset;
}

/** Zeros, or a directory that its writer did not finish: no member is lost with it. */
const isRestOfNone = async (rest: FileWindow, offset: number, random: string): Promise<boolean> =>
  (await isZeroFrom(rest, offset)) || endsInDirectory(rest, offset, random);

/**
 * What may be read in vain, in lengths of the file. The members of a writer lie one behind the other, so that all of them spoiled come to
 * one length.
 */
const FAILED_LENGTHS = 2;
const HOPELESS = ', as too much before it was: what follows was not looked at';

const NO_HEADER = { detail: undefined };

function describe(name: string | undefined, firstByte: number | undefined): string {
  if (name !== undefined) return 'has no whole header';
  return firstByte === 0 ? 'was not written to its end: it has no header yet' : 'begins with no header';
}
