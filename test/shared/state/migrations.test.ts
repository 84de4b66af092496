import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { Ledger } from '../../../shared/ledger/ledger.ts';
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

test('a state file of version 3 keeps its ledger, its sums and its jobs, and gets what archives need', (t) => {
  const path = join(tempDir(t), 'state.db');
  const id = applicationIdOf(join(tempDir(t), 'other.db'));
  const old = new Database(path);
  old.pragma('journal_mode = WAL');
  for (const migration of MIGRATIONS.slice(0, 3)) old.exec(migration);
  old.exec(`
    UPDATE totals SET committed_files = 7, uploaded_files = 2, loaded_rows = 30;
    INSERT INTO routes (id, name, input, warehouse, manifests, duplicates, on_duplicate, dedupe, mode, stability_ms)
      VALUES (1, 'r', x'2f61', x'2f62', x'2f63', x'2f64', 'move', 'content', 'stability', 1);
    INSERT INTO sinks (id, route_id, name, type, settings) VALUES (4, 1, 's3', 's3', '{}');
    INSERT INTO jobs (kind, key, sink_id, enqueued_ms, updated_ms) VALUES ('upload', x'61', 4, 1, 1)`);
  old.pragma('user_version = 3');
  old.pragma(`application_id = ${id}`);
  old.close();
  const state = openState(path);
  t.after(() => state.close());
  assert.equal(state.pragma('user_version', { simple: true }), MIGRATIONS.length);
  assert.deepEqual(state.prepare('SELECT * FROM archive_deposits').all(), []);
  assert.deepEqual(
    state
      .prepare(
        'SELECT committed_files, uploaded_files, loaded_rows, archived_files, archived_bytes FROM totals',
      )
      .get(),
    { committed_files: 7, uploaded_files: 2, loaded_rows: 30, archived_files: 0, archived_bytes: 0 },
  );
  assert.deepEqual(state.prepare('SELECT kind, sink_id FROM jobs').all(), [{ kind: 'upload', sink_id: 4 }]);
});

test('a state file of version 4 knows the content of its ledger afterwards, and refuses what a program of version 4 would insert', (t) => {
  const path = join(tempDir(t), 'state.db');
  const id = applicationIdOf(join(tempDir(t), 'other.db'));
  const old = new Database(path);
  old.pragma('journal_mode = WAL');
  for (const migration of MIGRATIONS.slice(0, 4)) old.exec(migration);
  const row = (name: string): Buffer => createHash('sha256').update(name).digest();
  old.exec(`
    INSERT INTO routes (id, name, input, warehouse, manifests, duplicates, on_duplicate, dedupe, mode, stability_ms)
      VALUES (1, 'r', x'2f61', x'2f62', x'2f63', x'2f64', 'move', 'content', 'stability', 1)`);
  const insert = old.prepare(`
    INSERT INTO ledger (state, scope, sha256, route_id, job_id, device, inode, size_bytes, mtime_ns, ctime_ns, source, destination, decided_ms, committed_ms)
      VALUES (?, ?, ?, 1, ?, 1, ?, 1, 1, 1, x'61', ?, 1, ?)`);
  const add = (name: string, jobId: number, scope: number | null, committedMs: number | null): void => {
    const state = committedMs === null ? 'in_flight' : 'committed';
    insert.run(state, scope, row(name), jobId, jobId, Buffer.from(name), committedMs);
  };
  add('a', 1, 0, 5);
  add('b', 2, 0, null);
  add('c', 3, null, 5);
  old.pragma('user_version = 4');
  old.pragma(`application_id = ${id}`);
  const state = openState(path);
  t.after(() => state.close());
  const ledger = new Ledger(state);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => ledger.idOf(0, row(name))),
    [1, 2, undefined, undefined],
  );
  // It still runs, and finds nothing in the way of content that is known.
  assert.throws(() => add('a', 9, 0, 5), /no column named scope/);
  old.close();
});
