import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDirectoryEnd } from '../../shared/archives/zip/read-directory.ts';
import { Program } from '../program.ts';
import type { Usage } from './usage-report.ts';

const USAGE_REPORT = fileURLToPath(new URL('./usage-report.ts', import.meta.url));

export type ScavengeRun = Usage & { seconds: number };

/**
 * `wharfinger archive scavenge` once, from fork to exit.
 *
 * @param scratch a directory that is ours
 * @throws where it fails
 */
export async function runScavenge(
  base: string,
  scratch: string,
  options: readonly string[] = [],
): Promise<ScavengeRun> {
  const report = join(scratch, 'usage.json');
  const startedMs = performance.now();
  await using program = new Program(['archive', 'scavenge', base, ...options], {
    NODE_OPTIONS: `--import=${USAGE_REPORT}`,
    BENCH_USAGE: report,
  });
  await program.finished();
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, ...JSON.parse(readFileSync(report, 'utf8')) };
}

/** @throws where the archives below the base have not so many members together, or something waits in the inbox: then something else was measured */
export function assertPublished(base: string, members: number): void {
  const published = readdirSync(base)
    .filter((name) => name.endsWith('.zip'))
    .reduce((sum, name) => sum + membersIn(join(base, name)), 0);
  const waiting = readdirSync(join(base, 'inbox')).filter((name) => /\.(zip|open|taken)$/.test(name));
  if (published !== members || waiting.length > 0)
    throw new Error(`${published} of ${members} members are published, ${waiting.length} archives wait`);
}

function membersIn(path: string): number {
  const fd = openSync(path, 'r');
  try {
    return readDirectoryEnd(fd, fstatSync(fd).size).entries;
  } finally {
    closeSync(fd);
  }
}
