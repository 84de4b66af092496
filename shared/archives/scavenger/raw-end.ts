import { encodeDirectoryEnd } from '../zip/directory.ts';
import { readFully } from '../zip/file-window.ts';
import { END_BYTES, END_SIGNATURE, MAX_16 } from '../zip/format.ts';

/** The comment of a zip file by its bytes: in whatever encoding somebody wrote it, it is to stay as it is. */
export function rawComment(fd: number, sizeBytes: number): Buffer {
  const tail = Buffer.alloc(Math.min(sizeBytes, END_BYTES + MAX_16));
  readFully(fd, tail, sizeBytes - tail.length);
  for (let at = tail.length - END_BYTES; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length) return tail.subarray(at + END_BYTES);
  }
  return Buffer.alloc(0);
}

/** What ends a zip file, with a comment by its bytes. */
export function encodeEnd(
  facts: { entries: number; directoryBytes: number; directoryOffset: number },
  comment: Buffer,
): Buffer {
  const end = encodeDirectoryEnd({ ...facts, comment: '' });
  end.writeUInt16LE(comment.length, end.length - 2);
  return Buffer.concat([end, comment]);
}
