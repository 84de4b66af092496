import { lstatSync, readdirSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type BytePath, join, toBytes } from '../../fs/byte-path.ts';
import type { Report } from './finding.ts';

/** `YYYY/MM/DD/HH` below the directory of manifests. */
const LEVELS = [/^\d{4}$/, /^\d\d$/, /^\d\d$/, /^\d\d$/];

/**
 * Manifests that lie where this state file's are and of which it has committed nothing: a commit that did not end left them, or they are
 * another state file's.
 */
export function noteUnlistedManifests(
  roots: readonly BytePath[],
  isListed: (path: BytePath) => boolean,
  report: Report,
): void {
  for (const root of roots) {
    for (const hour of hoursBelow(root, LEVELS)) {
      const path = join(hour, 'manifest.jsonl');
      const size = lstatSync(toBytes(path), { throwIfNoEntry: false })?.size ?? 0;
      if (size === 0 || isListed(path)) continue;
      report.note({
        note: 'uncommitted-bytes',
        path,
        detail: `none of its ${size} bytes are committed in this state file`,
      });
    }
  }
}

function* hoursBelow(directory: BytePath, [level, ...deeper]: readonly RegExp[]): Generator<BytePath> {
  if (level === undefined) {
    yield directory;
    return;
  }
  for (const name of namesIn(directory)) {
    if (level.test(name)) yield* hoursBelow(join(directory, name), deeper);
  }
}

function namesIn(directory: BytePath): string[] {
  try {
    return readdirSync(toBytes(directory), { encoding: 'latin1' }).sort();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EACCES') return [];
    throw error;
  }
}
