import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dumpSchema, SCHEMA_FILE } from '../../../shared/state/dump-schema.ts';
import { openState } from '../../../shared/state/open.ts';
import { tempDir } from '../../support/temp.ts';

test('shared/state/schema.sql is what the migrations make; `npm run schema` writes it', () => {
  assert.equal(readFileSync(SCHEMA_FILE, 'utf8'), dumpSchema());
});

test('a state file that was opened has that schema, and passes the checks of SQLite', (t) => {
  const state = openState(join(tempDir(t), 'state.db'));
  t.after(() => state.close());
  const objects = state.prepare<[], string>('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').pluck();
  const schema = dumpSchema();
  for (const sql of objects.all())
    assert.ok(sql.startsWith('CREATE TABLE sqlite_sequence') || schema.includes(sql), sql);
  assert.equal(state.pragma('integrity_check', { simple: true }), 'ok');
});

test('the invariants are in the schema: what may not be is refused by SQLite itself', (t) => {
  const state = openState(join(tempDir(t), 'state.db'));
  t.after(() => state.close());
  const refused = (sql: string) => assert.throws(() => state.exec(sql), { code: /^SQLITE_CONSTRAINT/ });
  const job = (columns: string, values: string) =>
    `INSERT INTO jobs (kind, key, enqueued_ms, updated_ms, ${columns}) VALUES ('k', x'61', 0, 0, ${values})`;
  refused(job('state', "'lost'"));
  refused(job('lane', "'fast'"));
  refused(job('state', "'leased'"));
  refused(job('state', "'failed'"));
  refused(job('lease_token', '1'));
  refused(job('state, lease_token', "'leased', 1"));
  refused(job('size_bytes', "'many'"));
  state.exec(job('priority', '0'));
  refused(job('priority', '0'));
});
