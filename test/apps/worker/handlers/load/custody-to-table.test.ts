import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import type { LoadSink } from '../../../../../shared/config/settings.ts';
import { fromText, join, toText } from '../../../../../shared/fs/byte-path.ts';
import { Sinks } from '../../../../../shared/queue/sinks.ts';
import { writeTransaction } from '../../../../../shared/state/transaction.ts';
import { readLoadStats } from '../../../../../shared/tables/inspect/load-stats.ts';
import { Custody } from '../../../../support/custody.ts';
import { loadSink } from '../../../../support/loads.ts';

/** A route whose files go into a DuckDB file, tasks waiting for a minute. */
function custodyWith(t: TestContext, over: Partial<LoadSink> = {}) {
  const custody = new Custody(t);
  const path = toText(join(custody.root, fromText('people.duckdb')));
  const sink = loadSink({
    target: { is: 'duckdb', path },
    taskWaitMs: 60_000,
    taskBytes: 1_000_000,
    ...over,
  });
  const { state } = custody.hand;
  writeTransaction(state, () => new Sinks(state).save(custody.routeId, [sink]));
  return { custody, path, state };
}

async function query(path: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test('a run that ends takes files into custody and into their table, whatever time its tasks would have waited', async (t) => {
  const { custody, path, state } = custodyWith(t);
  custody.offer('a.csv', 'id,age\n1,30\n2,NA\n');
  custody.offer('b.csv', 'age,id\n50,3\n');
  await custody.hand.run();
  assert.deepEqual(await query(path, 'SELECT id, age FROM people ORDER BY id'), [
    ['1', '30'],
    ['2', null],
    ['3', '50'],
  ]);
  const { tasks, loadedFiles, loadedRows } = readLoadStats(state, Date.now());
  assert.deepEqual([tasks.LOADED, loadedFiles, loadedRows], [1, 2, 3]);
  assert.deepEqual(state.prepare('SELECT status FROM scanner').pluck().all(), [
    'SENT_FOR_ETL',
    'SENT_FOR_ETL',
  ]);
  assert.equal(state.prepare('SELECT count(*) FROM jobs').pluck().get(), 0);
  assert.deepEqual(readdirSync(`${custody.statePath}.scratch`), []);
  await custody.assertSound(['id,age\n1,30\n2,NA\n', 'age,id\n50,3\n']);
});

test('a file that will not do fails alone, and rows that will not are in the table of rejects', async (t) => {
  const { custody, path, state } = custodyWith(t, { maxRejects: 1 });
  custody.offer('a.csv', 'id,age\n1,30\n2,NA\n');
  custody.offer('b.csv', 'id,age\n3,old\n4,40\n');
  custody.offer('c.csv', 'id,age\nx,1\ny,2\n');
  custody.offer('d.csv', 'id,age\n"5,1\n');
  await custody.hand.run();
  assert.deepEqual(await query(path, 'SELECT id FROM people ORDER BY id'), [['1'], ['2'], ['4']]);
  const files = state.prepare('SELECT state FROM load_task_files ORDER BY file_id').pluck().all();
  assert.deepEqual(files.toSorted(), ['failed', 'failed', 'loaded', 'loaded']);
  assert.equal(state.prepare("SELECT count(*) FROM jobs WHERE state = 'failed'").pluck().get(), 2);
  assert.equal(readLoadStats(state, Date.now()).rejectedRows, 1);
});

test('a route without tables loads nothing of what loads them', async (t) => {
  const custody = new Custody(t);
  custody.offer('a.csv', 'x');
  await custody.hand.run();
  assert.ok(!existsSync(`${custody.statePath}.scratch`));
});
