import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { LOAD_CRASH_POINTS, type LoadCrashPoint } from '../../shared/tables/load-crash-points.ts';
import { Granary } from '../support/granary.ts';
import type { TablePlace } from '../support/table-places.ts';
import { created } from './scenarios.ts';

export type MakePlace = (root: string) => TablePlace;

const everywhere: readonly LoadCrashPoint[] = ['load.claimed', 'load.audited', 'load.settled'];
const startingWith = (prefix: string): LoadCrashPoint[] =>
  LOAD_CRASH_POINTS.filter((point) => point.startsWith(prefix) && !everywhere.includes(point));

/** Where a load into a database passes, and one into a directory. Together they are all. */
export const DATABASE_POINTS: readonly LoadCrashPoint[] = [...everywhere, ...startingWith('load.')];
export const DIRECTORY_POINTS: readonly LoadCrashPoint[] = [...everywhere, ...startingWith('parquet.')];

/** Several tasks, rejects, and a content that comes again. */
export function manyLoads(t: TestContext, makePlace: MakePlace): Granary {
  const granary = new Granary(t, makePlace);
  for (let n = 0; n < 8; n++) granary.drop(`f${n}.csv`, n * 100, 50);
  granary.drop('again.csv', 300, 50);
  return granary;
}

/** A worker is killed at `point`, or the n-th time that it comes there with `:n`; another one goes on, and what comes after finds each row in the table once. */
export async function surviveTheDeathOfAWorker(
  t: TestContext,
  makePlace: MakePlace,
  point: LoadCrashPoint | `${LoadCrashPoint}:${2 | 3}`,
): Promise<void> {
  const granary = manyLoads(t, makePlace);
  const died = join(granary.root, 'died');
  await granary.once({ WHARFINGER_CRASH_AT: point, WHARFINGER_CRASH_ONCE: died });
  assert.ok(existsSync(died), `${point} was reached`);
  granary.drop('later.csv', 5000, 50);
  const last = await granary.once();
  assert.equal(last.code, 0, last.stderr);
  await granary.assertAllLoadedOnce();
}

/** The same of the whole program at once: what comes after finds leases of processes that are gone. */
export async function surviveTheDeathOfAll(
  t: TestContext,
  makePlace: MakePlace,
  point: LoadCrashPoint,
): Promise<void> {
  const granary = manyLoads(t, makePlace);
  const pauseFile = join(granary.root, 'paused');
  {
    await using program = granary.run({ WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: pauseFile });
    await created(granary.root, pauseFile);
    program.killAll();
  }
  const last = await granary.once();
  assert.equal(last.code, 0, last.stderr);
  await granary.assertAllLoadedOnce();
}
