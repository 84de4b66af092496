import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileWindow } from '../zip/file-window.ts';

const ZEROS = Buffer.alloc(64 * 1024);

/** Whether nothing but zeros stands from `offset` to the end of the file, or nothing at all. Others get their turn while it looks. */
export async function isZeroFrom(file: FileWindow, offset: number): Promise<boolean> {
  for (let at = offset; ; ) {
    const piece = file.at(at, ZEROS.length);
    if (piece.length === 0) return true;
    if (!piece.equals(ZEROS.subarray(0, piece.length))) return false;
    at += piece.length;
    await nextTurn();
  }
}
