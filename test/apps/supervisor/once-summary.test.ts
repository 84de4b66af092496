import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOfOnce } from '../../../apps/supervisor/once-summary.ts';
import { Meter } from '../../../shared/metrics/meter.ts';
import type { QueueStats } from '../../../shared/queue/inspect/stats.ts';
import { NO_STATS } from './harness.ts';

const { totals: done } = new Meter({ nowMs: () => 0, monotonicMs: () => 0 });
const none = { ready: 0, delayed: 0, leased: 0, failed: 0 };
const stats = (kinds: QueueStats['kinds']): QueueStats => ({
  ...NO_STATS,
  kinds,
  failed: Object.values(kinds).reduce((sum, { failed }) => sum + failed, 0),
  delayed: Object.values(kinds).reduce((sum, { delayed }) => sum + delayed, 0),
});

test('a run that loads answers for tasks alone', () => {
  const others = stats({ ingest: { ...none, failed: 1 }, upload: { ...none, delayed: 1 } });
  assert.equal(exitCodeOfOnce({ done, stats: others, kinds: ['load'] }), 0);
  assert.equal(exitCodeOfOnce({ done, stats: others }), 3);
  for (const left of ['failed', 'delayed'])
    assert.equal(
      exitCodeOfOnce({ done, stats: stats({ load: { ...none, [left]: 1 } }), kinds: ['load'] }),
      3,
      left,
    );
});
