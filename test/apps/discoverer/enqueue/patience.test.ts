import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { runDiscoverer } from '../../../../apps/discoverer/main.ts';
import { EnvironmentError } from '../../../../shared/errors.ts';
import { createLogger } from '../../../../shared/log/logger.ts';
import { Harness } from '../harness.ts';

/** Has every insert into `table` refused as SQLite refuses when it is locked for too long: a full disk is the same to us. */
function refuseWrites(h: Harness): { allow(): void } {
  h.fixture.state.pragma('busy_timeout = 1');
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
  const h = new Harness(t, { mode: 'close-write', stabilityMs: 60_000, scanMs: 3_600_000 });
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

test('one pass ends with the reason when the state file goes on refusing', async (t) => {
  const h = new Harness(t, { stabilityMs: 0 });
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
  const h = new Harness(t, { stabilityMs: 0 });
  await h.started();
  const { state, statePath } = h.fixture;
  const running = runDiscoverer({
    settings: { routes: [h.route], queueLimit: 10, once: false, statePath },
    state,
    logger: createLogger({
      level: 'silent',
      format: 'json',
      process: 'discoverer',
      sink: { write: () => undefined },
    }),
    clock: h.clock,
    signal: new AbortController().signal,
    onEnqueued: () => {
      throw new TypeError('as it should');
    },
  });
  h.write('a.csv');
  h.finish('a.csv');
  await Promise.race([assert.rejects(running, TypeError), keepWriting(h)]);
});

/** Both discoverers see each file: one of them enqueues it. */
async function keepWriting(h: Harness): Promise<never> {
  for (let i = 0; ; i++) {
    h.write(`${i}.csv`);
    await h.until('the job', () => h.names().includes(`${i}.csv`));
    h.finish(`${i}.csv`);
  }
}
