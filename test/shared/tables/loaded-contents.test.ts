import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadSink } from '../../../shared/config/settings.ts';
import { LoadedContents } from '../../../shared/tables/loaded-contents.ts';
import { tablePlace } from '../../../shared/tables/table-place.ts';
import { FakeDatabase } from '../../support/fake-target.ts';
import { Loads, loadSink } from '../../support/loads.ts';

test('a table is the same however its name, or the address of its database, is written', () => {
  const duckdb = { is: 'duckdb', path: '/t.duckdb' } as const;
  const postgres = (url: string): LoadSink['target'] => ({ is: 'postgres', url });
  const at = (target: LoadSink['target'], table: string) => tablePlace({ target, table });
  assert.equal(at(duckdb, 'Orders'), at(duckdb, 'orders'));
  assert.notEqual(at(duckdb, 'orders'), at(duckdb, 'others'));
  const lake = at(postgres('postgres://etl@db/lake'), 'orders');
  assert.equal(at(postgres('postgresql://other@db:5432/lake?sslmode=require'), 'orders'), lake);
  for (const url of ['postgres://etl@db/sea', 'postgres://etl@db:5433/lake', 'postgres://etl@bd/lake'])
    assert.notEqual(at(postgres(url), 'orders'), lake);
  assert.notEqual(at(postgres('postgres://etl@db/lake'), 'Orders'), lake);
});

test('a target has something once a file was loaded into it, by whichever sink', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const contents = new LoadedContents(loads.fixture.state);
  const { target } = loadSink();
  loads.commit({ a: 'x\n1\n' });
  assert.equal(contents.hasAnyIn(target), false);
  await loads.hand(new FakeDatabase().tools).step();
  assert.equal(contents.hasAnyIn(target), true);
  loads.save([loadSink({ table: 'others' })]);
  assert.equal(contents.hasAnyIn(target), true);
  assert.equal(contents.hasAnyIn({ is: 'duckdb', path: '/other' }), false);
});

test('contents are found by an index, however many files there are', (t) => {
  const { state } = new Loads(t, []).fixture;
  const plan = state
    .prepare<[], { detail: string }>(`
      EXPLAIN QUERY PLAN SELECT DISTINCT lower(hex(sha256)) FROM scanner JOIN load_task_files ON file_id = scanner.id
      WHERE sha256 IN (SELECT unhex(value) FROM json_each('[]')) AND state = 'loaded'`)
    .all();
  assert.ok(
    plan.some(({ detail }) => detail.includes('scanner_content')),
    JSON.stringify(plan),
  );
});
