import { readSync } from 'node:fs';

export type ManifestBytes = {
  /** Counted from 1. */
  line: number;
  /** Where it begins in the file. */
  offset: number;
  sizeBytes: number;
  /** Its newline included, only good until the next one is asked for; undefined where it is longer than any record. */
  bytes: Buffer | undefined;
  /** Ends with a newline. */
  ended: boolean;
};

/** A record holds two paths of at most 4096 bytes, escaped and perhaps again in base64: it stays far below this. */
const LONGEST_LINE_BYTES = 1 << 20;

const NEWLINE = 0x0a;

/** The lines of an open file up to `endBytes`, in bounded memory whatever the file holds. */
export function* readLines(fd: number, endBytes: number): Generator<ManifestBytes> {
  const buffer = Buffer.allocUnsafe(LONGEST_LINE_BYTES);
  let line = 1;
  let offset = 0; // of the first byte in the buffer
  let length = 0;
  let overlongFrom: number | undefined;
  for (;;) {
    const room = Math.min(buffer.length, endBytes - offset) - length;
    const read = room > 0 ? readSync(fd, buffer, length, room, null) : 0;
    length += read;
    const filled = buffer.subarray(0, length);
    let start = 0;
    for (let newline = filled.indexOf(NEWLINE); newline !== -1; newline = filled.indexOf(NEWLINE, start)) {
      const from = overlongFrom ?? offset + start;
      const bytes = overlongFrom === undefined ? filled.subarray(start, newline + 1) : undefined;
      yield { line, offset: from, sizeBytes: offset + newline + 1 - from, bytes, ended: true };
      overlongFrom = undefined;
      line += 1;
      start = newline + 1;
    }
    if (read === 0) {
      const from = overlongFrom ?? offset + start;
      const sizeBytes = offset + length - from;
      const bytes = overlongFrom === undefined ? filled.subarray(start) : undefined;
      if (sizeBytes > 0) yield { line, offset: from, sizeBytes, bytes, ended: false };
      return;
    }
    if (start === 0 && length === buffer.length) {
      overlongFrom ??= offset;
      start = length;
    }
    buffer.copyWithin(0, start, length);
    offset += start;
    length -= start;
  }
}
