import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Patience } from '../../../../apps/discoverer/enqueue/patience.ts';
import { EnvironmentError } from '../../../../shared/errors.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { Harness } from '../harness.ts';

/** How long a write waits for the lock. */
const BUSY_MS = 100;

/** Has every write refused, as by a program that has locked the file for too long. */
function refuseWrites(h: Harness): { allow(): void } {
  const other = new Database(h.fixture.statePath);
  other.exec('BEGIN IMMEDIATE');
  return {
    allow() {
      other.exec('ROLLBACK');
      other.close();
    },
  };
}

test('a state file that refuses for a while is waited for, said once, and nothing is lost', async (t) => {
  const h = new Harness(t, { mode: 'close-write', stabilityMs: 60_000, scanMs: 3_600_000 }, BUSY_MS);
  await h.started();
  const refusal = refuseWrites(h);
  for (let i = 0; i < 5; i++) h.write(`sub-${i}/a.csv`);
  await h.until('the log to say so', () => h.count('state.refused') === 1);
  h.write('b.csv');
  refusal.allow();
  await h.until('all files', () => h.enqueued === 6);
  await h.until('the log to say so', () => h.count('state.recovered') === 1);
  const refused = h.log.find(({ event }) => event === 'state.refused');
  assert.deepEqual([refused?.code, refused?.level], ['state.locked', 'error']);
  assert.equal(h.count('state.refused'), 1);
});

test('it is said once while it refuses, and again when it has worked and refuses anew', async () => {
  const events: string[] = [];
  const note = ({ event }: { event: string }) => void events.push(event);
  const patience = new Patience({
    statePath: '/state.db',
    logger: { error: note, info: note } as unknown as Logger,
    mostRefusals: Number.POSITIVE_INFINITY,
    waits: { firstMs: 1, longestMs: 4 },
    signal: new AbortController().signal,
  });
  const refuse = async (times: number) => {
    let left = times;
    return await patience.with(async () => {
      left -= 1;
      if (left >= 0) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      patience.worked();
      return 'done';
    });
  };
  assert.equal(await refuse(8), 'done');
  assert.deepEqual(events, ['state.refused', 'state.recovered']);
  assert.equal(await refuse(0), 'done');
  assert.equal(await refuse(2), 'done');
  assert.deepEqual(events.slice(2), ['state.refused', 'state.recovered']);
});

test('one pass ends with the reason when the state file goes on refusing', async (t) => {
  const h = new Harness(t, { stabilityMs: 0 }, BUSY_MS);
  await h.once();
  h.write('a.csv');
  const refusal = refuseWrites(h);
  t.after(() => refusal.allow());
  await assert.rejects(
    h.once(),
    (error) => error instanceof EnvironmentError && error.code === 'state.locked',
  );
});

test('a defect ends it, and everything that it does', async (t) => {
  const h = new Harness(t, { mode: 'close-write', stabilityMs: 60_000, scanMs: 20 });
  h.onEnqueued = () => {
    throw new TypeError('as it should');
  };
  const { ended } = h.start();
  h.write('a.csv');
  await assert.rejects(ended, TypeError);
  const scans = h.count('scan.finished');
  h.write('b.csv');
  await delay(100);
  assert.deepEqual([h.names(), h.count('scan.finished')], [['a.csv'], scans]);
});
