import { closeSync, constants, openSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type BytePath, fromBytes, toBytes } from '../../fs/byte-path.ts';
import { manifestPathOf } from '../../manifest/record.ts';
import type { State } from '../../state/open.ts';
import { readLines } from '../verify/read-lines.ts';

/** Where a file is recorded. */
export type ManifestPlace = {
  path: BytePath;
  /** Counted from 1. */
  line: number;
  /** Where the line begins in the file, in bytes. */
  offset: number;
};

/**
 * The line of a committed row, read from the manifests of its hour up to their committed length. Undefined where it is in none of
 * them, or they cannot be read.
 */
export function findInManifests(
  state: State,
  row: { id: number; decidedMs: number },
): ManifestPlace | undefined {
  const hour = manifestPathOf('' as BytePath, row.decidedMs);
  const manifests = state.prepare<[], { path: Buffer; committed_bytes: number }>(
    'SELECT path, committed_bytes FROM manifests',
  );
  for (const manifest of manifests.all()) {
    const path = fromBytes(manifest.path);
    if (!path.endsWith(hour)) continue;
    const place = findLine(path, manifest.committed_bytes, row.id);
    if (place !== undefined) return { path, ...place };
  }
  return undefined;
}

function findLine(path: BytePath, endBytes: number, id: number): Omit<ManifestPlace, 'path'> | undefined {
  // A quote within a JSON string is escaped: these bytes are only ever the key.
  const key = Buffer.from(`"id":${id},`);
  try {
    const fd = openSync(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      for (const { line, offset, bytes } of readLines(fd, endBytes)) {
        if (bytes?.includes(key)) return { line, offset };
      }
      return undefined;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
