import { FileWindow } from '../zip/file-window.ts';
import { HeaderFinder } from './find-header.ts';
import { endsInDirectory } from './half-directory.ts';
import type { Staged } from './read-staged.ts';
import { checked } from './staged-header.ts';
import { isZeroFrom } from './zeros.ts';

/**
 * Walks a staging archive by its local headers. Behind a member that is not whole, or where none begins, the search goes on byte by byte:
 * the length that a header states is only believed when the bytes it speaks of are right.
 *
 * @throws as node:fs does
 */
export async function* byHeaders(
  fd: number,
  sizeBytes: number,
  random: string,
): AsyncGenerator<Staged, void, undefined> {
  const rest = new FileWindow(fd, sizeBytes);
  const file = { fd, sizeBytes, window: new FileWindow(fd, sizeBytes) };
  const headers = new HeaderFinder(file, random);
  for (let offset = 0; offset < sizeBytes; ) {
    const header = headers.at(offset);
    const found = header === undefined ? NO_HEADER : await checked(file, header);
    if (header !== undefined && 'member' in found) {
      yield found;
      offset = header.dataOffset + header.packedBytes;
      continue;
    }
    if (header === undefined && (isZeroFrom(rest, offset) || endsInDirectory(rest, offset, random))) return;
    const next = headers.next(offset + 1);
    const name = header?.nameBytes.toString('utf8') ?? headers.nameAt(offset);
    const detail = ('detail' in found ? found.detail : undefined) ?? describe(name, rest.at(offset, 1)[0]);
    yield { damage: { offset, bytes: next - offset, name, detail } };
    offset = next;
  }
}

const NO_HEADER = { detail: undefined };

function describe(name: string | undefined, firstByte: number | undefined): string {
  if (name !== undefined) return 'has no whole header';
  return firstByte === 0 ? 'was not written to its end: it has no header yet' : 'begins with no header';
}
