import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { has } from '../../support/mounts.ts';
import type { FoundArchive } from './reckoning.ts';

const run = promisify(execFile);
const READER = fileURLToPath(new URL('read_zips.py', import.meta.url));
const MOST_BYTES = 1024 ** 3;

/** All archives below a base with all they hold, read by Python, and what it has to say against them. */
export async function readArchives(base: string): Promise<{ found: FoundArchive[]; faults: string[] }> {
  const { stdout } = await run('python3', [READER, 'list', base], { maxBuffer: MOST_BYTES });
  const found: FoundArchive[] = [];
  const faults: string[] = [];
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const said: FoundArchive | { fault: string } = JSON.parse(line);
    if ('fault' in said) faults.push(`Python: ${said.fault}`);
    else found.push(said);
  }
  return { found, faults };
}

/** What Info-ZIP has to say against them, where it is installed. */
export async function faultsByUnzip(base: string, found: readonly FoundArchive[]): Promise<string[]> {
  if (!has('unzip')) return [];
  const faults: string[] = [];
  for (const { file } of found) {
    await run('unzip', ['-tqq', join(base, file)]).catch((error: unknown) => {
      faults.push(`unzip -t ${file}: ${error}`);
    });
  }
  return faults;
}

/** Why archives cannot be read independently, or undefined where they can. For `skip`. */
export const cannotReadArchives = (): string | undefined =>
  has('python3') ? undefined : 'python3 is not installed';
