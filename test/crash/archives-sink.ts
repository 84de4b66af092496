import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ARCHIVE_CRASH_POINTS, type ArchiveCrashPoint } from '../../shared/archives/contract.ts';
import { ArchiveYard } from '../support/archive-yard.ts';
import { created } from './scenarios.ts';

/** Those of the sink itself. */
export const SINK_POINTS: readonly ArchiveCrashPoint[] = ARCHIVE_CRASH_POINTS.filter((point) =>
  point.startsWith('archive.'),
);

/** Only reached where a writer has died. */
export const AFTER_DEATH: ArchiveCrashPoint = 'scavenge.taken';

/** Those on its way that are the library's and the scavenger's. */
export const OTHER_POINTS: readonly ArchiveCrashPoint[] = ARCHIVE_CRASH_POINTS.filter(
  (point) => !point.startsWith('archive.') && point !== AFTER_DEATH,
);

/** Two archives of a base, one of which is full at once, a large file, and no copy that is kept. */
export const ARCHIVES = ['all.zip', 'day/other.zip'];

export function manyFiles(t: TestContext): ArchiveYard {
  const yard = new ArchiveYard(t, {
    sinks: [
      { name: 'all', volume_bytes: '4KiB', release: true },
      { name: 'other', archive: 'day/other.zip/{path}', compression: 'store', volume_bytes: '4KiB' },
    ],
  });
  yard.dropMany(60);
  yard.drop('large.bin', 'abcdefgh'.repeat(60_000));
  return yard;
}

export async function assertAllArchivedOnce(yard: ArchiveYard): Promise<void> {
  await yard.assertAllArchivedOnce(ARCHIVES);
  assert.deepEqual(yard.stored(), [], 'nothing is left in the warehouse');
}

/** A worker is killed at `point`, or the n-th time that it comes there with `:n`; another one goes on. */
export async function surviveTheDeathOfAWorker(
  t: TestContext,
  point: ArchiveCrashPoint | `${ArchiveCrashPoint}:${2 | 3}`,
): Promise<void> {
  const yard = manyFiles(t);
  const died = join(yard.root, 'died');
  await yard.once({ WHARFINGER_CRASH_AT: point, WHARFINGER_CRASH_ONCE: died });
  assert.ok(existsSync(died), `${point} was reached`);
  yard.drop('later.csv');
  const last = await yard.once();
  assert.equal(last.code, 0, last.stderr);
  await assertAllArchivedOnce(yard);
}

/** The same of the whole program at once: what comes after finds leases of processes that are gone. */
export async function surviveTheDeathOfAll(t: TestContext, point: ArchiveCrashPoint): Promise<void> {
  const yard = manyFiles(t);
  const pauseFile = join(yard.root, 'paused');
  {
    await using program = yard.run({ WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: pauseFile });
    await created(yard.root, pauseFile);
    program.killAll();
  }
  const last = await yard.once();
  assert.equal(last.code, 0, last.stderr);
  await assertAllArchivedOnce(yard);
}
