import { mkdirSync } from 'node:fs';
import { MemoryWatch, type PeakMemory } from './process-group.ts';
import { type Places, Program, startArguments } from './program.ts';
import { committedFiles } from './state-rows.ts';

export const WORKERS = 2;

export type OnceRun = { seconds: number; peaks: PeakMemory[] };

/**
 * `wharfinger start --once` on what lies in the input, from fork to exit: everything committed and durable.
 *
 * @throws where not exactly `expectedFiles` more were committed
 */
export async function runOnce(
  places: Places,
  expectedFiles: number,
  more: readonly string[] = ['--log-level', 'warn'],
): Promise<OnceRun> {
  for (const directory of [places.input, places.warehouse, places.manifests])
    mkdirSync(directory, { recursive: true });
  const before = committedFiles(places.statePath);
  const startedMs = performance.now();
  await using program = new Program(
    startArguments(places, ['--once', '--stability-seconds', '0', '--workers', String(WORKERS), ...more]),
  );
  using memory = new MemoryWatch(program.group);
  await program.finished();
  const seconds = (performance.now() - startedMs) / 1000;
  const committed = committedFiles(places.statePath) - before;
  if (committed !== expectedFiles) throw new Error(`${committed} of ${expectedFiles} files were committed`);
  return { seconds, peaks: memory.peaks() };
}
