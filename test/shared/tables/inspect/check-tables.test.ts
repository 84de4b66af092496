import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { toText } from '../../../../shared/fs/byte-path.ts';
import type { Report } from '../../../../shared/ledger/verify/finding.ts';
import { TargetError, type TargetTrouble } from '../../../../shared/tables/errors.ts';
import { checkTables } from '../../../../shared/tables/inspect/check-tables.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';
import { FakeDatabase } from '../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../support/loads.ts';

/** A database that three files were loaded into, with one reject. */
async function loaded(t: TestContext) {
  const loads = new Loads(t, [loadSink({ maxRejects: 3 })]);
  loads.commit({ a: 'x\n1\n2\nreject\n', b: 'x\n3\n', c: 'x\n4\n5\n6\n' });
  const database = new FakeDatabase();
  await loads.hand(database.tools).step();
  return { loads, database };
}

const reading = (database: FakeDatabase): Target => ({
  describe: async () => database.columns,
  load: () => Promise.reject(new Error('verify loads nothing')),
  census: async () => ({
    rows: database.rows.length,
    records: [...database.records].map(([sha256, record]) => ({ sha256, ...record })),
  }),
  close: async () => undefined,
});

async function check(loads: Loads, target: Target | TargetTrouble, is?: 'postgres') {
  const findings: string[] = [];
  const notes: string[] = [];
  const report: Report = {
    finding: ({ problem, path, id, detail }) =>
      void findings.push(`${problem} ${id ?? '-'} ${toText(path)}: ${detail}`),
    note: ({ note, path, detail }) => void notes.push(`${note} ${toText(path)}: ${detail}`),
    progress: () => undefined,
  };
  if (is !== undefined)
    loads.fixture.state
      .prepare('UPDATE sinks SET settings = ?')
      .run(JSON.stringify(loadSink({ target: { is, url: 'postgres://etl@db/lake' } })));
  const checked = await checkTables({
    state: loads.fixture.state,
    report,
    openTarget: async () => {
      if (typeof target !== 'string') return target;
      throw new TargetError(target, `it is ${target}`, { code: `load.${target}` });
    },
    signal: new AbortController().signal,
  });
  return { checked, findings, notes };
}

const TABLE = 'duckdb:/nowhere/people.duckdb people';

test('what was loaded agrees with its target', async (t) => {
  const { loads, database } = await loaded(t);
  assert.deepEqual(await check(loads, reading(database)), {
    checked: { tables: 1, loads: 3 },
    findings: [],
    notes: [],
  });
});

test('rows that are gone are counted, and rows that were added are a note', async (t) => {
  const { loads, database } = await loaded(t);
  database.rows.splice(0, 2);
  const fewer = await check(loads, reading(database));
  assert.deepEqual(fewer.findings, [`missing-rows - ${TABLE}: 4 rows, 2 fewer than were loaded`]);
  database.rows.push('7', '8', '9');
  const more = await check(loads, reading(database));
  assert.deepEqual(more.findings, []);
  assert.deepEqual(more.notes, [`more-rows ${TABLE}: 1 rows more than were loaded: somebody has added them`]);
});

test('a record that is gone, one that says another number, and one too many are told one by one', async (t) => {
  const { loads, database } = await loaded(t);
  const [first, second] = [...database.records.keys()];
  const gone = database.records.get(first ?? '');
  database.records.delete(first ?? '');
  database.records.set(second ?? '', { fileName: 'b', rows: 8, rejects: 1 });
  database.records.set('ab'.repeat(32), { fileName: 'stranger', rows: gone?.rows ?? 0, rejects: 0 });
  const { findings } = await check(loads, reading(database));
  assert.deepEqual(
    findings.map((finding) => finding.split(' ', 2)),
    [
      ['different-load', '2'],
      ['missing-load', '1'],
      ['unknown-load', '-'],
      ['missing-rows', '-'],
    ],
  );
});

test('what is in the target and not settled yet is in flight', async (t) => {
  const { loads, database } = await loaded(t);
  loads.commit({ d: 'x\n7\n' });
  database.afterCommit = () => {
    throw new Error('the answer is lost');
  };
  await loads.hand(database.tools, 'worker-2').step();
  assert.equal(loads.files().at(-1)?.state, 'waiting');
  assert.equal(database.records.size, 4);
  assert.deepEqual((await check(loads, reading(database))).findings, []);
});

test('a table that is gone is one disagreement', async (t) => {
  const { loads, database } = await loaded(t);
  const target = { ...reading(database), census: async () => undefined };
  assert.deepEqual((await check(loads, target)).findings, [
    `missing-table - ${TABLE}: files were loaded into it, and it is not there`,
  ]);
});

for (const trouble of ['busy', 'away'] as const) {
  test(`a target that is ${trouble} is a note`, async (t) => {
    const { loads } = await loaded(t);
    assert.deepEqual(await check(loads, trouble), {
      checked: { tables: 0, loads: 0 },
      findings: [],
      notes: [`unasked-table ${TABLE}: its loads were not compared: it is ${trouble}`],
    });
  });
}

test('a file that is no database any more is a disagreement, and a server that refuses is a note', async (t) => {
  const { loads } = await loaded(t);
  assert.deepEqual((await check(loads, 'refused')).findings, [`unreadable-table - ${TABLE}: it is refused`]);
  const server = await check(loads, 'refused', 'postgres');
  assert.deepEqual(server.findings, []);
  assert.equal(server.notes.length, 1);
});
