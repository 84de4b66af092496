import assert from 'node:assert/strict';
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LoadCrashPoint } from '../../shared/tables/load-crash-points.ts';
import { Granary } from '../support/granary.ts';
import type { Program } from '../support/program.ts';
import type { MakePlace } from './loads.ts';
import { created } from './scenarios.ts';

/**
 * A worker is frozen at `point` until another program has its lease, and wakes.
 *
 * @param met resolves when the other one has come upon what the frozen one holds, or has done its work
 */
export async function surviveAFreeze(
  t: TestContext,
  makePlace: MakePlace,
  point: LoadCrashPoint,
  met: (second: Program, granary: Granary) => Promise<unknown>,
): Promise<void> {
  const granary = new Granary(t, makePlace, { args: ['--lease-seconds', '1', '--stop-seconds', '2'] });
  const pauseFile = join(granary.root, 'paused');
  for (let n = 0; n < 6; n++) granary.drop(`f${n}.csv`, n * 100, 50);
  await using frozen = granary.run(
    { WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: pauseFile },
    '--workers',
    '1',
  );
  await created(granary.root, pauseFile);
  const { pid } = await frozen.waitFor(
    ({ event, process }) => event === 'worker.started' && String(process).startsWith('worker'),
  );
  process.kill(Number(pid), 'SIGSTOP');
  unlinkSync(pauseFile);

  await using second = granary.run({}, '--workers', '1');
  await second.waitFor('lease.reclaimed');
  await met(second, granary);
  process.kill(Number(pid), 'SIGCONT');
  await frozen.waitFor('lease.lost');
  granary.drop('later.csv', 5000, 50);
  await granary.until('all is loaded', () => granary.loaded() === 7);
  for (const program of [second, frozen]) await program.stop();
  assert.equal((await granary.once()).code, 0);
  await granary.assertAllLoadedOnce();
}
