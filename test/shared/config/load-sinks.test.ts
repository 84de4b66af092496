import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { typeNamed } from '../../../shared/config/declared-schema.ts';
import { type LoadSink, settingsSchema } from '../../../shared/config/settings.ts';
import { targetName, targetOf } from '../../../shared/config/table-texts.ts';
import { configFile, settingsFrom } from './sources.ts';

const LOAD = { type: 'load', target: 'duckdb:/srv/t.duckdb', table: 'orders' };

function loadsFrom(t: TestContext, sinks: readonly unknown[], top: object = {}, env = {}): LoadSink[] {
  const config = configFile(t, JSON.stringify({ ...top, routes: [{ input: '/in', sinks }] }));
  const { settings } = settingsFrom({ flags: { config }, env });
  const sent = JSON.parse(JSON.stringify(settings));
  assert.deepEqual(settingsSchema.parse(sent), sent);
  return (settings.routes[0]?.sinks ?? []).filter((sink) => sink.type === 'load');
}

const refusal = (t: TestContext, sink: object): string => {
  const lines = ['routes:', '  - input: /in', '    sinks:', `      - ${JSON.stringify(sink)}`];
  const config = configFile(t, lines.join('\n'));
  try {
    settingsFrom({ flags: { config } });
  } catch (error) {
    assert.ok(error instanceof Error && 'hint' in error);
    return `${error.message}; ${error.hint}`.replace(config, '');
  }
  return 'it was taken';
};

test('a load sink needs only a target and a table', (t) => {
  assert.deepEqual(loadsFrom(t, [LOAD]), [
    {
      type: 'load',
      name: 'load',
      target: { is: 'duckdb', path: '/srv/t.duckdb' },
      table: 'orders',
      taskBytes: 10 * 1024 * 1024,
      taskWaitMs: 60_000,
      declared: {
        columns: undefined,
        nulls: [''],
        delimiter: undefined,
        quote: undefined,
        header: true,
        encoding: 'utf-8',
        key: [],
      },
      onColumns: 'fail',
      maxRejects: 1000,
      lineage: false,
    },
  ]);
});

test('a load sink says all there is to say of its files', (t) => {
  const [sink] = loadsFrom(t, [
    {
      ...LOAD,
      name: 'people',
      task_bytes: '1MiB',
      task_wait_seconds: 0,
      on_columns: 'add',
      max_rejects: 0,
      lineage: true,
      schema: {
        columns: { id: 'bigint', income: 'double precision', code: 'text', paid: 'numeric(10, 2)' },
        null: ['NA', ''],
        delimiter: ';',
        quote: "'",
        header: false,
        encoding: 'latin-1',
        key: ['id'],
      },
    },
  ]);
  assert.deepEqual(sink?.declared, {
    columns: [
      { name: 'id', type: 'BIGINT' },
      { name: 'income', type: 'DOUBLE' },
      { name: 'code', type: 'VARCHAR' },
      { name: 'paid', type: 'DECIMAL(10,2)' },
    ],
    nulls: ['NA', ''],
    delimiter: ';',
    quote: "'",
    header: false,
    encoding: 'latin-1',
    key: ['id'],
  });
  assert.deepEqual(
    [sink.name, sink.taskBytes, sink.taskWaitMs, sink.onColumns, sink.maxRejects, sink.lineage],
    ['people', 1024 * 1024, 0, 'add', 0, true],
  );
});

test('task size, wait and rejects of the program hold for the sinks that do not say them; nothing else does', (t) => {
  const sinks = [LOAD, { ...LOAD, task_bytes: 7, max_rejects: 1 }];
  const env = { WHARFINGER_ON_COLUMNS: 'add', WHARFINGER_TABLE: 'other', WHARFINGER_TASK_WAIT_SECONDS: '5' };
  assert.deepEqual(
    loadsFrom(t, sinks, { task_bytes: 9, max_rejects: 3 }, env).map((sink) => [
      sink.name,
      sink.table,
      sink.taskBytes,
      sink.taskWaitMs,
      sink.maxRejects,
      sink.onColumns,
    ]),
    [
      ['load', 'orders', 9, 5000, 3, 'fail'],
      ['load-2', 'orders', 7, 5000, 1, 'fail'],
    ],
  );
});

test('a path in a target is relative to the config file', (t) => {
  const config = configFile(
    t,
    JSON.stringify({ routes: [{ input: '/in', sinks: [{ ...LOAD, target: 'parquet:lake/x' }] }] }),
  );
  const [sink] = settingsFrom({ flags: { config } }).settings.routes[0]?.sinks ?? [];
  assert.ok(sink?.type === 'load');
  assert.deepEqual(sink.target, { is: 'parquet', directory: join(dirname(config), 'lake/x') });
});

test('a target is named as it was written', () => {
  for (const text of [
    'duckdb:/a/b c.duckdb',
    'parquet:/lake',
    'postgres://ann@db:5433/sales?sslmode=require',
  ])
    assert.equal(targetName(targetOf(text)), text);
});

const TYPES: readonly [string, string | undefined][] = [
  ['bigint', 'BIGINT'],
  ['Int', 'INTEGER'],
  ['double  precision', 'DOUBLE'],
  ['decimal(38,38)', 'DECIMAL(38,38)'],
  ['decimal(39,2)', undefined],
  ['decimal(2,3)', undefined],
  ['timestamptz', 'TIMESTAMP WITH TIME ZONE'],
  ['money', undefined],
  ['BIGINT); DROP TABLE x', undefined],
];

for (const [text, type] of TYPES)
  test(`the type ${JSON.stringify(text)} is ${type ?? 'none'}`, () => assert.equal(typeNamed(text), type));

const REFUSED: readonly [string, object, RegExp][] = [
  [
    'without a target',
    { type: 'load', table: 'x' },
    /^:4: target is missing; a sink of type load needs it, for example target: duckdb:/,
  ],
  [
    'without a table',
    { type: 'load', target: 'duckdb:/x' },
    /^:4: table is missing; .* for example table: orders/,
  ],
  [
    'with a path for a target',
    { ...LOAD, target: '/srv/x' },
    /^:4: target: "\/srv\/x" is not a target; for example target: duckdb:/,
  ],
  [
    'with a password',
    { ...LOAD, target: 'postgres://ann:secret@db/x' },
    /^:4: target: .* has a password in it; leave it out/,
  ],
  ['without a database', { ...LOAD, target: 'postgres://db' }, /is no address of a database/],
  [
    'with a table that is none',
    { ...LOAD, table: 'my orders' },
    /^:4: table: "my orders" cannot be the name of a table/,
  ],
  ['with a table of records', { ...LOAD, table: 'wharfinger_loads' }, /begins with wharfinger_/],
  [
    'with a schema of PostgreSQL',
    { ...LOAD, table: 'sales.orders' },
    /which only PostgreSQL has; leave what is before the dot out/,
  ],
  [
    'with an unknown key',
    { ...LOAD, task_byte: 3 },
    /"task_byte" is no key of a sink of type load; did you mean task_bytes\?/,
  ],
  [
    'with a key of s3',
    { ...LOAD, bucket: 'b' },
    /bucket is for a sink of type s3; write it in a sink of type s3/,
  ],
  [
    'with an unknown key of a schema',
    { ...LOAD, schema: { delim: ',' } },
    /"delim" is no key of a schema; did you mean delimiter\?/,
  ],
  [
    'with an unknown type',
    { ...LOAD, schema: { columns: { a: 'BIGNT' } } },
    /^:4: schema\.columns\.a: "BIGNT": .* is no type of a column/,
  ],
  [
    'with twin columns',
    { ...LOAD, schema: { columns: { a: 'INT', A: 'INT' } } },
    /two columns differ only by case/,
  ],
  ['with a long delimiter', { ...LOAD, schema: { delimiter: '||' } }, /is not one character of ASCII/],
  [
    'with an unknown encoding',
    { ...LOAD, schema: { encoding: 'ebcdic' } },
    /^:4: schema\.encoding: "ebcdic"/,
  ],
  [
    'with a key that is no column',
    { ...LOAD, schema: { columns: { a: 'INT' }, key: ['b'] } },
    /the key has a column "b" that is not among the columns/,
  ],
  [
    'with a key of Parquet',
    { ...LOAD, target: 'parquet:/x', schema: { key: ['a'] } },
    /cannot keep a key unique/,
  ],
  [
    'with an unknown policy',
    { ...LOAD, on_columns: 'drop' },
    /on_columns: "drop" is not one of add, ignore, fail/,
  ],
];

for (const [what, sink, message] of REFUSED)
  test(`a load sink ${what} is refused in one line`, (t) => assert.match(refusal(t, sink), message));

test('a password in a target is in no message', (t) => {
  for (const target of ['postgres://ann:se:c/r@t@db/x', 'postgres://ann@db/x?a=b&password=se:c/r@t&c=d']) {
    const message = refusal(t, { ...LOAD, target });
    assert.match(message, /has a password in it|is no address|is not a target/);
    assert.doesNotMatch(message, /se:c|r@t/, message);
  }
});

test('a table whose file lies in an input is refused, and one beside it is not', (t) => {
  for (const target of ['duckdb:/in/t.duckdb', 'parquet:/in', 'parquet:/in/lake', 'parquet:/'])
    assert.match(refusal(t, { ...LOAD, target }), /lies in the (input|target)/, target);
  assert.equal(refusal(t, { ...LOAD, target: 'duckdb:/inn/t.duckdb' }), 'it was taken');
});
