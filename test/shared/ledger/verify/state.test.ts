import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { addJob, commitFile, makeState } from '../../../support/state.ts';
import { verified } from './harness.ts';

test('a state file whose index lacks a row is damaged, which only a deep look finds', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'a');
  addJob(fixture, 'b', { state: 'ready' });
  // The index of the failed jobs is declared to be that of the ready ones, of which it holds none.
  const raw = new Database(fixture.statePath);
  raw.unsafeMode(true);
  raw.pragma('writable_schema = ON');
  raw.exec(
    "UPDATE sqlite_schema SET sql = replace(sql, '''failed''', '''ready''') WHERE name = 'jobs_failed'",
  );
  raw.pragma(`schema_version = ${Number(raw.pragma('schema_version', { simple: true })) + 1}`);
  raw.close();
  assert.deepEqual((await verified(fixture)).findings, []);
  const { findings } = await verified(fixture, { deep: true });
  assert.deepEqual(findings, [
    { problem: 'damaged-state', path: fixture.statePath, detail: 'row 1 missing from index jobs_failed' },
  ]);
});
