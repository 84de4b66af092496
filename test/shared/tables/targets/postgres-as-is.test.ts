import assert from 'node:assert/strict';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { FileToLoad, TableSchema } from '../../../../shared/tables/contract.ts';
import { BundleError } from '../../../../shared/tables/engine/bundle.ts';
import { groupsAsIs } from '../../../../shared/tables/targets/postgres-as-is.ts';
import type { Relation } from '../../../../shared/tables/targets/postgres-relation.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { loadOf, PostgresLab, SCHEMA } from './postgres-lab.ts';

const server = postgresOfFile();

const TYPES = ['SMALLINT', 'INTEGER', 'BIGINT', 'DOUBLE', 'DATE'];
const STORED = ['smallint', 'integer', 'bigint', 'double precision', 'date'];
const NUMBERS: TableSchema = {
  ...SCHEMA,
  columns: [{ name: 'id', type: 'BIGINT' }, ...TYPES.map((type, at) => ({ name: `c${at}`, type }))],
};

const relationOf = (stored: readonly string[] = STORED, schema = NUMBERS): Relation => ({
  schema: 'public',
  name: 'people',
  sql: 'public.people',
  hasRecords: true,
  columns: schema.columns.map(({ name }, at) => {
    const type = at === 0 ? 'bigint' : (stored[at - 1] ?? '');
    return { name, type, stored: type, isGenerated: false };
  }),
});

const HEADER = 'id,c0,c1,c2,c3,c4';

/** Ids of the files of each group. */
const groupsOf = (files: readonly FileToLoad[], schema = NUMBERS, relation = relationOf()) =>
  groupsAsIs(files, schema, relation).map((group) => ({
    ids: group.files.map(({ fileId }) => fileId),
    nullWord: group.nullWord,
  }));

test(
  'files of numbers and days are sent as they are, those with one order of columns, word and line end together',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const file = (text: string) => lab.file(text, { schema: NUMBERS });
    const files = [
      await file(`${HEADER}\n1,2,3,4,.5,2024-01-31\n`),
      await file(`${HEADER}\n1,NA,3,-4,5.,2024-01-31\n`),
      await file(`${HEADER}\n1,,3,4,0.5,2024-01-31\n`),
      await file(`${HEADER}\r\n1,2,3,4,5,2024-01-31`),
      await file('c4,c3,c2,c1,c0,id\n2024-01-31,1,2,3,4,"5"'),
    ];
    assert.deepEqual(groupsOf(files), [
      { ids: [1, 2], nullWord: 'NA' },
      { ids: [3], nullWord: '' },
      { ids: [4], nullWord: 'NA' },
      { ids: [5], nullWord: 'NA' },
    ]);
  },
);

test('what the server might read otherwise, or could not, is not sent as it is', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const good = '1,2,3,4,5,2024-01-31';
  const asIs = async (text: string, schema = NUMBERS, relation = relationOf(STORED, schema)) =>
    groupsOf([await lab.file(text, { schema })], schema, relation).length === 1;
  assert.equal(await asIs(`${HEADER}\n${good}\n`), true);

  for (const text of [
    `${HEADER}\n1,2,3,4,1e5,2024-01-31\n`,
    `${HEADER}\n1,2,3,4,5,2024-1-31\n`,
    `${HEADER}\n1,2,3,4,5,20240131\n`,
    `${HEADER}\n1,2.0,3,4,5,2024-01-31\n`,
    `${HEADER}\n1,2,3,4,${'9'.repeat(300)},2024-01-31\n`,
    // Two words for NULL, of which the server knows one.
    `${HEADER}\n1,NA,,4,5,2024-01-31\n`,
    `${HEADER}\n${good}\n\n2${good}\n`,
    `${HEADER}\r${good}\r`,
    // A column that is left out, or is in no file, or is new.
    `id,c0,c1,c2,c3\n1,2,3,4,5\n`,
  ])
    assert.equal(await asIs(text), false, JSON.stringify(text));

  const nulls = (...words: string[]): TableSchema => ({ ...NUMBERS, nulls: words });
  const empty = `${HEADER}\n1,,3,4,5,2024-01-31\n`;
  assert.equal(await asIs(empty, nulls('NA')), false, 'nothing is not NULL');
  assert.equal(await asIs(empty, nulls('')), true);
  assert.equal(await asIs(`${HEADER}\n${good}\n`, nulls('-999')), false, 'a number that means NULL');
  assert.equal(await asIs(`${HEADER}\n1,-,3,4,5,2024-01-31\n`, nulls('-')), true);
  for (const dialect of [
    { delimiter: '\\', quote: '"' },
    { delimiter: '/', quote: 'N' },
  ])
    assert.equal(
      await asIs(`${HEADER}\n${good}\n`.replaceAll(',', dialect.delimiter), { ...nulls('n/a'), dialect }),
      false,
      'what cannot be said to the server',
    );
  assert.equal(await asIs(`${HEADER}\n1,\\N,3,4,5,2024-01-31\n`, nulls('\\N')), false);

  for (const [at, type] of ['bigint', 'bigint', 'numeric(20,0)', 'text', 'text'].entries()) {
    const stored = STORED.with(at, type);
    assert.equal(await asIs(`${HEADER}\n${good}\n`, NUMBERS, relationOf(stored)), at === 2 && false);
  }
  const dated: TableSchema = { ...NUMBERS, dateFormat: '%d.%m.%Y' };
  assert.equal(await asIs(`${HEADER}\n${good}\n`, dated), false);
  const file = await lab.file(`${HEADER},new\n${good},7\n`, {
    schema: NUMBERS,
    added: [{ name: 'new', type: 'BIGINT' }],
  });
  assert.deepEqual(groupsOf([file]), []);
});

/** With words that the server would take for values. */
const NULLS = ['', 'NA', 'n/a', 'NaN', 'today'];

const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: most });
const sign = fc.constantFrom('', '', '-');
const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(''));
const whole = joined(sign, digits(6));
const large = joined(sign, digits(20));
const decimal = joined(
  sign,
  fc.oneof(digits(8), fc.constant('')),
  fc.constant('.'),
  fc.oneof(digits(20), fc.constant('')),
);
const day = fc
  .integer({ min: -700_000, max: 2_900_000 })
  .map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10))
  .filter((text) => text.length === 10);
const badDay = fc.constantFrom(
  '2024-02-30',
  '0000-01-01',
  '0000-12-31',
  '2023-13-01',
  '9999-12-31',
  '2024-00-10',
);
const odd = fc.constantFrom(
  ...['-', '.', '-.', '1.2.3', '--1', '1-', '007', '-0', '0.0', '"12"', '""', '"NA"', 'x', ' 7', '1e3', '+1'],
  ...[
    '99999999999999999999',
    '1,2',
    '2024-01-01 10:00:00',
    '0x1F',
    '1_000',
    'infinity',
    'NaN',
    'epoch',
    '"epoch"',
    '"inf"',
  ],
);
/** Of a column: mostly what it should have. */
const cellOf = (type: string) => {
  const good = type === 'DATE' ? day : type === 'DOUBLE' ? fc.oneof(decimal, whole) : whole;
  return fc.oneof(
    { weight: 12, arbitrary: good },
    { weight: 2, arbitrary: fc.constantFrom(...NULLS) },
    { weight: 1, arbitrary: type === 'DATE' ? badDay : large },
  );
};

const fileOf = fc.record({
  rows: fc.array(fc.tuple(...TYPES.map(cellOf)), { minLength: 0, maxLength: 8 }),
  nullWord: fc.constantFrom(...NULLS, undefined),
  isQuoted: fc.boolean(),
  odd: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: odd }),
  ragged: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(4, 5, 7) },
  ),
  end: fc.constantFrom('\n', '\n', '\r\n'),
  endsWithEnd: fc.boolean(),
  hasMark: fc.boolean(),
});
type RandomFile = Parameters<typeof textOf>[0];

function textOf(
  file: {
    rows: readonly (readonly string[])[];
    nullWord: string | undefined;
    isQuoted: boolean;
    odd: string | undefined;
    ragged: number | undefined;
    end: string;
    endsWithEnd: boolean;
    hasMark: boolean;
  },
  nth: number,
): string {
  const rows = file.rows.map((cells, row) => [
    String(nth * 1000 + row),
    // One word a file mostly, as those have it that are sent as they are.
    ...cells.map((cell) => (NULLS.includes(cell) ? (file.nullWord ?? cell) : cell)),
  ]);
  const last = rows.at(-1);
  if (last !== undefined && file.odd !== undefined) last[1 + (nth % TYPES.length)] = file.odd;
  if (last !== undefined && file.ragged !== undefined) last.length = Math.min(file.ragged, last.length);
  if (last !== undefined && file.ragged === 7) last.push('8');
  const written = (cell: string) =>
    file.isQuoted && cell !== '' && !cell.includes('"') ? `"${cell}"` : cell;
  const lines = [HEADER, ...rows.map((cells) => cells.map(written).join(','))];
  return `${file.hasMark ? '\ufeff' : ''}${lines.join(file.end)}${file.endsWithEnd ? file.end : ''}`;
}

const ALL = { ...NUMBERS, nulls: NULLS };

/** All that a load leaves behind, and says. */
async function loaded(
  lab: PostgresLab,
  target: Target,
  files: readonly RandomFile[],
  { table, unbundled }: { table: string; unbundled: boolean },
) {
  const opened: FileToLoad[] = [];
  for (const [nth, file] of files.entries()) opened.push(await lab.file(textOf(file, nth), { schema: ALL }));
  await lab.query(
    `CREATE TABLE ${table} (id bigint, ${STORED.map((type, at) => `c${at} ${type}`).join(', ')})`,
  );
  const [first = 0] = opened.map(({ fileId }) => fileId);
  const load = loadOf(opened, { table, schema: ALL, unbundled });
  let result: unknown;
  try {
    const { loaded: loads } = await target.load(load).catch((error: unknown) => {
      // What a worker does then.
      if (!(error instanceof BundleError)) throw error;
      return target.load({ ...load, unbundled: true });
    });
    result = loads.map(({ fileId, ...rest }) => ({ nth: fileId - first, ...rest }));
  } catch (error) {
    const { fault } = error as { fault?: { fileId: number; code: string; reason: string } };
    if (fault === undefined) throw error;
    result = { nth: fault.fileId - first, code: fault.code, reason: fault.reason };
  }
  const rows = await lab.query(`SELECT t::text AS row FROM ${table} t ORDER BY 1`);
  const rejects = await lab.query(
    'SELECT line, "column", value, reason FROM wharfinger_rejects WHERE table_name = $1 ORDER BY sha256, line, "column"',
    [table],
  );
  const asIs = groupsAsIs(opened, ALL, { ...relationOf(), name: table });
  return {
    told: { result, rows: rows.map(({ row }) => row), rejects },
    sent: asIs.reduce((sum, group) => sum + group.files.length, 0),
  };
}

test(
  'whatever is in files, those sent as they are leave the rows and rejects that DuckDB reads in them',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    let run = 0;
    let sent = 0;
    let all = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fileOf, { minLength: 1, maxLength: 6 }), async (files) => {
        run += 1;
        const ours = await loaded(lab, target, files, { table: `a${run}`, unbundled: false });
        const theirs = await loaded(lab, target, files, { table: `b${run}`, unbundled: true });
        assert.deepEqual(ours.told, theirs.told);
        sent += ours.sent;
        all += files.length;
      }),
      { numRuns: 15, seed: 5 },
    );
    assert.ok(sent > all / 4, `${sent} of ${all} files could be sent as they are`);
  },
);

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
    assert.equal(groupsOf(files, PAIR, relationOf(['integer'], PAIR)).length, 1);
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
    assert.equal(groupsOf(files, PAIR, relationOf(['integer'], PAIR)).length, 1);
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
