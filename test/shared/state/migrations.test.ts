import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { Enqueuer } from '../../../shared/queue/enqueue.ts';
import { MIGRATIONS } from '../../../shared/state/migrations.ts';
import { openState } from '../../../shared/state/open.ts';
import { tempDir } from '../../support/temp.ts';

/** SQLite's mark of a state file of ours: see `shared/state/open.ts`. */
const applicationIdOf = (path: string): unknown => {
  const state = openState(path);
  const id = state.pragma('application_id', { simple: true });
  state.close();
  return id;
};

test('a state file of version 1 keeps its jobs, their numbers, and the next number', (t) => {
  const directory = tempDir(t);
  const path = join(directory, 'state.db');
  const old = new Database(path);
  old.pragma('journal_mode = WAL');
  old.exec(MIGRATIONS[0] ?? '');
  old.exec(`
    INSERT INTO jobs (id, kind, key, state, reason, attempts, enqueued_ms, updated_ms) VALUES
      (5, 'ingest', x'61', 'ready', NULL, 0, 1, 1), (9, 'ingest', x'62', 'failed', 'so', 3, 1, 1), (20, 'ingest', x'63', 'ready', NULL, 0, 1, 1);
    DELETE FROM jobs WHERE id = 20`);
  old.pragma('user_version = 1');
  old.pragma(`application_id = ${applicationIdOf(join(directory, 'other.db'))}`);
  old.close();

  const state = openState(path);
  t.after(() => state.close());
  assert.equal(state.pragma('user_version', { simple: true }), MIGRATIONS.length);
  const jobs = state.prepare('SELECT id, sink_id, state, reason, attempts FROM jobs ORDER BY id').all();
  assert.deepEqual(jobs, [
    { id: 5, sink_id: 0, state: 'ready', reason: null, attempts: 0 },
    { id: 9, sink_id: 0, state: 'failed', reason: 'so', attempts: 3 },
  ]);
  new Enqueuer(state).put({ kind: 'ingest', key: 'd' as never }, 1);
  const last = state.prepare<[], number>('SELECT max(id) FROM jobs').pluck().get();
  assert.equal(last, 21, 'a number that was given is never given again');
});

test('a state file of version 1 that never had a job is brought up to date too', (t) => {
  const path = join(tempDir(t), 'state.db');
  const id = applicationIdOf(join(tempDir(t), 'other.db'));
  const old = new Database(path);
  old.exec(MIGRATIONS[0] ?? '');
  old.pragma('user_version = 1');
  old.pragma(`application_id = ${id}`);
  old.close();
  const state = openState(path);
  t.after(() => state.close());
  assert.deepEqual(state.prepare('SELECT * FROM jobs').all(), []);
});
