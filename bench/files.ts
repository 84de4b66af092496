import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const SMALL_BYTES = 2048;
const CHUNK_BYTES = 1024 * 1024;

let made = 0;

/** Files of 2 KiB unless another size is given, no two of one run of the benchmark alike, on disk when this returns. */
export function makeSmallFiles(directory: string, count: number, sizeBytes = SMALL_BYTES): void {
  const content = randomFillSync(Buffer.alloc(sizeBytes));
  for (let n = 0; n < count; n++) {
    content.writeUInt32LE(made++, 0);
    writeFileSync(join(directory, `file-${String(n).padStart(7, '0')}.csv`), content);
  }
  syncFileSystemOf(directory);
}

/** Large files of random bytes, on disk when this returns. @returns their names */
export function makeLargeFiles(directory: string, count: number, sizeBytes: number): string[] {
  const chunk = randomFillSync(Buffer.alloc(CHUNK_BYTES));
  const names = Array.from({ length: count }, (_, n) => `large-${n}.bin`);
  for (const name of names) {
    const fd = openSync(join(directory, name), 'w');
    for (let written = 0; written < sizeBytes; written += CHUNK_BYTES) {
      chunk.writeUInt32LE(made++, 0);
      writeSync(fd, chunk);
    }
    closeSync(fd);
  }
  syncFileSystemOf(directory);
  return names;
}

/** Small or large, by their size. */
export function makeFiles(directory: string, count: number, sizeBytes: number): void {
  if (sizeBytes >= CHUNK_BYTES) makeLargeFiles(directory, count, sizeBytes);
  else makeSmallFiles(directory, count, sizeBytes);
}

/** So that neither side is charged for what the preparation left unwritten. */
export function syncFileSystemOf(directory: string): void {
  spawnSync('sync', ['-f', directory]);
}
