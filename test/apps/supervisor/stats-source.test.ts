import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatsSource } from '../../../apps/supervisor/stats-source.ts';
import { createLogger } from '../../../shared/log/logger.ts';
import type { QueueStats } from '../../../shared/queue/inspect/stats.ts';
import { NO_STATS } from './harness.ts';

function source(read: (calls: number) => QueueStats, readMs = 0) {
  const time = { nowMs: 1000 };
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    format: 'json',
    process: 'p',
    sink: { write: (line) => lines.push(line) },
  });
  const calls = { count: 0 };
  const stats = new StatsSource(
    () => {
      time.nowMs += readMs;
      return read(++calls.count);
    },
    { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs },
    logger,
  );
  return { stats, time, lines, calls };
}

test('within a second one reading serves all', () => {
  const { stats, time, calls } = source((n) => ({ ...NO_STATS, depth: n }));
  assert.equal(stats.latest()?.depth, 1);
  time.nowMs += 800;
  assert.equal(stats.latest()?.depth, 1);
  time.nowMs += 200;
  assert.equal(stats.latest()?.depth, 2);
  assert.equal(calls.count, 2);
});

test('a reading that takes long is repeated the less often', () => {
  const { stats, time, calls } = source((n) => ({ ...NO_STATS, depth: n }), 500);
  stats.latest();
  time.nowMs += 9_900;
  stats.latest();
  assert.equal(calls.count, 1);
  time.nowMs += 200;
  stats.latest();
  assert.equal(calls.count, 2);
});

test('while the state cannot be read the last figures stand, and it is said once for each time', () => {
  const { stats, lines } = source((n) => {
    if (n === 2 || n === 3 || n === 5) throw new Error('busy');
    return { ...NO_STATS, depth: n };
  });
  const depths = Array.from({ length: 5 }, () => {
    stats.expire();
    return stats.latest()?.depth;
  });
  assert.deepEqual(depths, [1, 1, 1, 4, 4]);
  assert.equal(lines.length, 2);
});

test('a reading that must be true throws what the state file throws', () => {
  const { stats } = source(() => {
    throw new Error('busy');
  });
  assert.throws(() => stats.now(), /busy/);
});
