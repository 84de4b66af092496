import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ARCHIVE_CRASH_POINTS } from '../../shared/archives/contract.ts';
import { cannotReadArchives } from '../support/archive-yard.ts';
import {
  AFTER_DEATH,
  assertAllArchivedOnce,
  manyFiles,
  OTHER_POINTS,
  SINK_POINTS,
  surviveTheDeathOfAll,
  surviveTheDeathOfAWorker,
} from './archives-sink.ts';

const skip = cannotReadArchives() ?? false;

for (const point of [...SINK_POINTS, 'archive.released:2', 'archive.released:3', ...OTHER_POINTS] as const)
  test(`each file is in its archives once when a worker was killed at ${point}`, { skip }, (t) =>
    surviveTheDeathOfAWorker(t, point),
  );

for (const point of SINK_POINTS)
  test(`each file is in its archives once when all processes were killed at ${point}`, { skip }, (t) =>
    surviveTheDeathOfAll(t, point),
  );

test('every crash point of archives is reached on the way of a sink', { skip }, async (t) => {
  const yard = manyFiles(t);
  const trace = join(yard.root, 'trace');
  const run = await yard.once({ WHARFINGER_CRASH_TRACE: trace });
  assert.equal(run.code, 0, run.stderr);
  const reached = new Set(readFileSync(trace, 'utf8').split('\n'));
  const missing = ARCHIVE_CRASH_POINTS.filter((point) => !reached.has(point));
  assert.deepEqual(missing, [AFTER_DEATH]);
});

test('two programs on one state file archive each file once', { skip }, async (t) => {
  const yard = manyFiles(t);
  {
    await using first = yard.run();
    await using second = yard.run();
    yard.dropMany(200, 'g');
    await Promise.all([first.waitFor('worker.started'), second.waitFor('worker.started')]);
    await yard.until('all are published', () => {
      const published = yard.deposits().filter(({ state }) => state === 'published');
      return published.length === 2 * yard.dropped.size;
    });
    await yard.until('all are released', () => yard.stored().length === 0 && yard.jobs().length === 0);
    await Promise.all([first.stop(), second.stop()]);
  }
  const last = await yard.once();
  assert.equal(last.code, 0, last.stderr);
  await assertAllArchivedOnce(yard);
});
