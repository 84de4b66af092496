import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { volumeComment } from '../../../../shared/archives/volumes/volume-comment.ts';
import { buildZip, type Member, memberOf } from '../../../shared/archives/zip/build-zip.ts';
import { tempDir } from '../../../support/temp.ts';

/** 2024-11-02 10:00:01.234 UTC, what `memberOf` gives. */
export const MEMBERS: readonly Member[] = [
  memberOf('a.txt', 'hello, hello, hello', { mode: 0o100640 }),
  memberOf('dir/b.bin', Buffer.alloc(600_000, 'abc'), { mode: 0o104755 }),
  memberOf('dir/ü\n', '', { store: true }),
];

/** Where the members of `MEMBERS` begin in the file. */
export const OFFSETS = buildZip(MEMBERS).offsets;

export type Place = { cwd: string; write(name: string, bytes: Buffer): void };

/** A directory with `ar.zip` in it, of `MEMBERS`. */
export function place(context: TestContext, members: readonly Member[] = MEMBERS): Place {
  const cwd = tempDir(context);
  const write = (name: string, bytes: Buffer) => writeFileSync(join(cwd, name), bytes);
  write('ar.zip', buildZip(members).bytes);
  return { cwd, write };
}

/** `ar.zip` with the byte at each offset changed. */
export function spoiled(...offsets: number[]): Buffer {
  const { bytes } = buildZip(MEMBERS);
  for (const at of offsets) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return bytes;
}

/** Volumes 2 and 3, and files beside them that are none. */
export function writeVolumes({ write }: Place): void {
  const of = (volume: number, archive = 'ar.zip') =>
    buildZip([memberOf(`in ${volume}`, `${volume}`)], volumeComment(volume, archive)).bytes;
  write('ar-2.zip', buildZip([memberOf('foreign', 'x')]).bytes);
  write('ar-3.zip', of(3));
  write('ar-10.zip', of(10));
  write('ar-4.zip', of(4, 'other.zip'));
}
