import { lstatSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type BytePath, toBytes } from '../../fs/byte-path.ts';
import type { Finding } from './finding.ts';

/** What a row says is at a path. */
export type PlacedFile = {
  id: number;
  path: BytePath;
  sizeBytes: number;
  sha256: Buffer;
  missing: 'missing-file' | 'missing-duplicate';
};

/** What is wrong with the file at its path without reading it; undefined where it is as the row says. */
export function lookAt({ id, path, sizeBytes, missing }: PlacedFile): Finding | undefined {
  try {
    const found = lstatSync(toBytes(path), { throwIfNoEntry: false });
    if (found === undefined)
      return { problem: missing, path, id, detail: `${sizeBytes} bytes were placed here` };
    if (!found.isFile()) return { problem: 'not-a-file', path, id, detail: 'not a regular file' };
    if (found.size === sizeBytes) return undefined;
    return { problem: 'wrong-size', path, id, detail: `${found.size} bytes, should be ${sizeBytes}` };
  } catch (error) {
    return unreadable(error, path, id);
  }
}

/** A failure of the file system as a finding; anything else is thrown on. */
export function unreadable(error: unknown, path: BytePath, id?: number): Finding {
  if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
  return { problem: 'unreadable', path, detail: error.message, ...(id === undefined ? {} : { id }) };
}
