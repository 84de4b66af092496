import assert from 'node:assert/strict';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { TableSchema } from '../../../../shared/tables/contract.ts';
import { groupsAsIs } from '../../../../shared/tables/targets/postgres-as-is.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { loadOf, PostgresLab, SCHEMA } from './postgres-lab.ts';
import { relationOf } from './postgres-numbers.ts';

const server = postgresOfFile();

async function withTable(t: TestContext, columns: string, ...more: string[]) {
  const lab = await PostgresLab.open(t, server());
  await lab.query(`CREATE TABLE people (${columns})`);
  for (const statement of more) await lab.query(statement);
  return lab;
}

test(
  'words for NULL in quotes are NULL, also where the server knows them as values',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    for (const [at, [type, word]] of (
      [
        ['DOUBLE', 'NaN'],
        ['DOUBLE', 'inf'],
        ['DATE', 'epoch'],
      ] as const
    ).entries()) {
      const schema: TableSchema = {
        ...SCHEMA,
        columns: [
          { name: 'id', type: 'BIGINT' },
          { name: 'x', type },
        ],
        nulls: ['', word],
      };
      const [stored, value] = type === 'DATE' ? ['date', '2024-01-31'] : ['double precision', '2.5'];
      const file = await lab.file(`id,x\n"1","${word}"\n2,${word}\n3,"${value}"\n`, { schema });
      assert.equal(groupsAsIs([file], schema, relationOf([stored], schema)).length, 1);
      await target.load(loadOf([file], { table: `t${at}`, schema }));
      const found = await lab.query(`SELECT x::text FROM t${at} ORDER BY id`);
      assert.deepEqual(found, [{ x: null }, { x: null }, { x: value }]);
    }
  },
);

const PAIR: TableSchema = {
  ...SCHEMA,
  columns: [
    { name: 'id', type: 'BIGINT' },
    { name: 'n', type: 'INTEGER' },
  ],
};

test(
  'a row that a constraint refuses is told of its file, and the other files are loaded without it',
  needsPostgres,
  async (t) => {
    const lab = await withTable(t, 'id bigint, n integer CHECK (n < 100)');
    const target = await lab.target();
    const files = [
      await lab.file('id,n\n1,1\n2,2\n', { schema: PAIR }),
      await lab.file('id,n\n3,3\n4,400\n', { schema: PAIR }),
    ];
    assert.equal(groupsAsIs(files, PAIR, relationOf(['integer'], PAIR)).length, 1);
    await assert.rejects(
      target.load(loadOf(files, { schema: PAIR })),
      (error: { fault?: { fileId: number } }) => {
        assert.equal(error.fault?.fileId, files[1]?.fileId);
        return true;
      },
    );
    assert.deepEqual(await lab.query('SELECT * FROM people'), []);
    const { loaded: loads } = await target.load(loadOf(files.slice(0, 1), { schema: PAIR }));
    assert.deepEqual(
      loads.map(({ rows, rejects }) => [rows, rejects]),
      [[2, 0]],
    );
  },
);

test('a trigger that drops rows is found out', needsPostgres, async (t) => {
  const lab = await withTable(
    t,
    'id bigint, n integer',
    'CREATE FUNCTION dropped() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
    'CREATE TRIGGER dropping BEFORE INSERT ON people FOR EACH ROW WHEN (NEW.n = 2) EXECUTE FUNCTION dropped()',
  );
  const target = await lab.target();
  const file = await lab.file('id,n\n1,1\n2,2\n', { schema: PAIR });
  assert.equal(groupsAsIs([file], PAIR, relationOf(['integer'], PAIR)).length, 1);
  await assert.rejects(target.load(loadOf([file], { schema: PAIR })), { code: 'load.rows-dropped' });
  assert.deepEqual(await lab.query('SELECT * FROM people'), []);
});

test(
  'a large file is sent in pieces, and its last row without a line end as well',
  needsPostgres,
  async (t) => {
    const lab = await withTable(t, 'id bigint, n integer');
    const target = await lab.target();
    const count = 100_000;
    const rows = Array.from({ length: count }, (_, n) => `${n},${n % 7 === 0 ? 'NA' : n}`).join('\n');
    const files = [
      await lab.file(`id,n\n${rows}`, { schema: PAIR }),
      await lab.file('id,n\n-1,5', { schema: PAIR }),
      await lab.file(`id,n\n${rows}\n-2,5\n`, { schema: PAIR }),
    ];
    assert.equal(groupsAsIs(files, PAIR, relationOf(['integer'], PAIR)).length, 1);
    await target.load(loadOf(files, { schema: PAIR }));
    const [found] = await lab.query(
      'SELECT count(*)::int AS rows, count(n)::int AS values, sum(id)::bigint::text AS ids FROM people',
    );
    const sum = (count * (count - 1)) / 2;
    assert.deepEqual(found, {
      rows: 2 * count + 2,
      values: 2 * (count - Math.ceil(count / 7)) + 2,
      ids: String(2 * sum - 3),
    });
  },
);

test('a file that is cut or written to after it was read is not loaded', needsPostgres, async (t) => {
  const lab = await withTable(t, 'id bigint, n integer');
  const target = await lab.target();
  const changes = [
    (path: string) => truncateSync(path, 8),
    (path: string) => appendFileSync(path, '9,9\n'),
    (path: string) => writeFileSync(path, 'id,n\n1,1\n3,3\n'),
  ];
  for (const change of changes) {
    const file = await lab.file('id,n\n1,1\n2,2\n', { schema: PAIR });
    change(file.name);
    const assertHeld = () => file.csv.assertUnchanged();
    await assert.rejects(target.load(loadOf([file], { schema: PAIR, assertHeld })));
    assert.deepEqual(await lab.query('SELECT * FROM people'), []);
  }
});

test(
  'what can be sent as it is is sent so, and the rest, or what is not to be, by way of DuckDB',
  needsPostgres,
  async (t) => {
    const lab = await withTable(
      t,
      'id bigint, n integer',
      'CREATE TABLE statements (id bigint, text text)',
      'CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO statements VALUES (NEW.id, current_query()); RETURN NEW; END $$',
      'CREATE TRIGGER noting BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION noted()',
    );
    const target = await lab.target();
    const file = (text: string) => lab.file(text, { schema: PAIR });
    const both = [await file('id,n\n1,1\n'), await file('id,n\n2,2.0\n')];
    await target.load(loadOf(both, { schema: PAIR }));
    await target.load(loadOf([await file('id,n\n3,3\n')], { schema: PAIR, unbundled: true }));
    const said = await lab.query("SELECT id, text LIKE '%FORCE_NULL%' AS sent FROM statements ORDER BY id");
    assert.deepEqual(said, [
      { id: '1', sent: true },
      { id: '2', sent: false },
      { id: '3', sent: false },
    ]);
  },
);
