import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeFile, schemaOf } from './fake-csv.ts';
import { TestTable } from './test-table.ts';

/** Loads a column of cells; gives the values that came out, and the cells that were rejected. */
async function loadColumn(
  t: import('node:test').TestContext,
  type: string,
  cells: readonly string[],
  more = {},
) {
  const schema = schemaOf({ n: 'VARCHAR', x: type }, more);
  const table = await TestTable.make(t, schema);
  const content = `n,x\n${cells.map((cell, index) => `r${index},${cell}\n`).join('')}`;
  const { rejects, files } = await table.load([fakeFile(table.directory, content, { schema, fileId: 1 })]);
  assert.equal((files[0]?.rows ?? 0) + rejects.length, cells.length);
  const values = await table.rows('SELECT x::VARCHAR FROM t ORDER BY substr(n, 2)::BIGINT');
  return { values: values.flat(), rejected: rejects.map(({ value }) => value), rejects };
}

test('no whole number becomes another one', async (t) => {
  const { values, rejected } = await loadColumn(t, 'BIGINT', [
    '1',
    '1.5',
    ' 7 ',
    '7.0',
    '1e3',
    '15e-1',
    '1e-1',
    '9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
    '0x10',
    'inf',
    'nan',
    '+5',
    '-3',
    'NA',
    '1.',
    '2147483648',
    '-0.5',
  ]);
  assert.deepEqual(values, [
    '1',
    '7',
    '7',
    '1000',
    '9007199254740993',
    '9223372036854775807',
    '5',
    '-3',
    null,
    '1',
    '2147483648',
  ]);
  assert.deepEqual(rejected, ['1.5', '15e-1', '1e-1', '9223372036854775808', '0x10', 'inf', 'nan', '-0.5']);
});

test('a number beyond the range of a small type is a reject', async (t) => {
  const { values, rejects } = await loadColumn(t, 'UTINYINT', ['0', '255', '256', '-1', '2.5']);
  assert.deepEqual(values, ['0', '255']);
  assert.deepEqual(
    rejects.map(({ line, reason }) => [line, reason]),
    [
      [4, '"256" is no UTINYINT'],
      [5, '"-1" is no UTINYINT'],
      [6, '"2.5" is no UTINYINT'],
    ],
  );
});

test('a decimal is not rounded', async (t) => {
  const { values, rejected } = await loadColumn(t, 'DECIMAL(6,2)', [
    '1.25',
    '1.255',
    '1.2500',
    '1e1',
    '12345',
    '.5',
    '5.',
  ]);
  assert.deepEqual(values, ['1.25', '1.25', '0.50', '5.00']);
  assert.deepEqual(rejected, ['1.255', '1e1', '12345']);
});

test('a number that is too large for a DOUBLE is not infinity, unless it says so', async (t) => {
  const { values, rejected } = await loadColumn(t, 'DOUBLE', [
    '1.5',
    '1e400',
    '-1e400',
    'inf',
    '-Infinity',
    'x',
  ]);
  assert.deepEqual(values, ['1.5', 'inf', '-inf']);
  assert.deepEqual(rejected, ['1e400', '-1e400', 'x']);
});

test('a date has no time, and a timestamp no zone and nothing beyond microseconds', async (t) => {
  const dates = await loadColumn(t, 'DATE', [
    '2024-01-02',
    '2024-01-02 10:00:00',
    '2024-01-02 and more',
    '2024-02-30',
  ]);
  assert.deepEqual(dates.values, ['2024-01-02']);
  assert.equal(dates.rejected.length, 3);
  const times = await loadColumn(t, 'TIMESTAMP', [
    '2024-01-02 03:04:05',
    '2024-01-02T03:04:05.123456',
    '2024-01-02T03:04:05Z',
    '2024-01-02 03:04:05+02',
    '2024-01-02 03:04:05-05:00',
    '2024-01-02 03:04:05.1234567',
  ]);
  assert.deepEqual(times.values, [
    '2024-01-02 03:04:05',
    '2024-01-02 03:04:05.123456',
    '2024-01-02 03:04:05',
  ]);
  assert.equal(times.rejected.length, 3);
});

test('dates are read by the format of the schema', async (t) => {
  const { values, rejected } = await loadColumn(t, 'DATE', ['31/12/2024', '2024-12-31', '12/31/2024'], {
    dateFormat: '%d/%m/%Y',
  });
  assert.deepEqual(values, ['2024-12-31']);
  assert.deepEqual(rejected, ['2024-12-31', '12/31/2024']);
});

test('types are known by all their names', async (t) => {
  const { values, rejected } = await loadColumn(t, 'int', ['1', '1.5']);
  assert.deepEqual(values, ['1']);
  assert.deepEqual(rejected, ['1.5']);
});

test('only the texts that mean NULL are NULL', async (t) => {
  const { values } = await loadColumn(t, 'VARCHAR', ['NA', 'na', '', '""', 'NULL'], { nulls: ['NA'] });
  assert.deepEqual(values, [null, 'na', '', '', 'NULL']);
  const none = await loadColumn(t, 'VARCHAR', ['NA', ''], { nulls: [] });
  assert.deepEqual(none.values, ['NA', '']);
});

test('numbers of every size are exact in a file that is large enough for guesses', async (t) => {
  const schema = schemaOf({ small: 'BIGINT', wide: 'BIGINT', exact: 'BIGINT' });
  const table = await TestTable.make(t, schema);
  const rows = Array.from(
    { length: 90_000 },
    (_, n) => `${n},${1_700_000_000_000 + n},${9_000_000_000_000_000_000n + BigInt(n)}`,
  );
  rows[80_000] = '9007199254740993,9007199254740993,1';
  rows[80_001] = '1.5,2.5,3.5';
  const content = `small,wide,exact\n${rows.join('\n')}\n`;
  const padded = `${content}1,2,3${' '.repeat(1_500_000)}\n`;
  const { files, rejects } = await table.load([fakeFile(table.directory, padded, { schema, fileId: 1 })]);
  assert.deepEqual(files, [{ fileId: 1, rows: 90_000, rejects: 1 }]);
  assert.deepEqual(
    rejects.map(({ line, column, value }) => [line, column, value]),
    [
      [80_003, 'small', '1.5'],
      [80_003, 'wide', '2.5'],
      [80_003, 'exact', '3.5'],
    ],
  );
  const sums = rows
    .filter((row) => !row.startsWith('1.5'))
    .reduce(
      (sum, row) => row.split(',').map((cell, nth) => (sum[nth] ?? 0n) + BigInt(cell)),
      [1n, 2n, 3n].map((value) => value - 0n),
    );
  assert.deepEqual(
    await table.rows('SELECT sum(small)::VARCHAR, sum(wide)::VARCHAR, sum(exact)::VARCHAR FROM t'),
    [sums.map(String)],
  );
});

test('a number is judged by its text: no fraction is too small, and no exponent', async (t) => {
  const cells = [
    '1234567890123456.1',
    '4503599627370497.5',
    '6.99999999999999999999',
    '2.00000000000000001',
    '1e-330',
    '1_0',
    '1.5e+05',
    '10e-1',
    '9007199254740993.0',
    '0e-9',
  ];
  const { values, rejected } = await loadColumn(t, 'BIGINT', cells);
  assert.deepEqual(values, ['150000', '1', '9007199254740993', '0']);
  assert.deepEqual(rejected, cells.slice(0, 6));
  const small = await loadColumn(t, 'INTEGER', ['2.00000000000000001', '2', '1_000']);
  assert.deepEqual(small.values, ['2']);
  const real = await loadColumn(t, 'DOUBLE', ['1_000', '1e-400', '0e-400', '+-1', '0.000', '-1.5e+03', ' 7']);
  assert.deepEqual(real.values, ['0.0', '0.0', '-1500.0', '7.0']);
  assert.deepEqual(real.rejected, ['1_000', '1e-400', '+-1']);
});

test('what is no time with a zone is a reject, and changes no other row', async (t) => {
  const times = await loadColumn(t, 'TIMESTAMP WITH TIME ZONE', [
    '2024-01-02 03:04:05+02',
    'garbage',
    '2024-01-02 03:04:05 Europe/Berlin',
    '2024-01-02 03:04:05.1234567+02',
    '2024-01-02 03:04:05+02:00:30',
    '2024-01-02T03:04:05.123456000-0530',
    '2024-01-02T03:04:05Z',
    '2024-01-02 03:04:05+99',
  ]);
  assert.deepEqual(times.values, [
    '2024-01-02 01:04:05+00',
    '2024-01-02 08:34:05.123456+00',
    '2024-01-02 03:04:05+00',
  ]);
  assert.equal(times.rejected.length, 5);
  const clocks = await loadColumn(t, 'TIMETZ', ['03:04:05+02', '03:04:05Z', 'x', '03:04:05+02:00:30']);
  assert.deepEqual(clocks.values, ['03:04:05+02', '03:04:05+00']);
  assert.deepEqual(clocks.rejected, ['x', '03:04:05+02:00:30']);
});

for (const [type, good, bad] of [
  ['TIMESTAMP_S', '2024-01-02 03:04:05', ['2024-01-02 03:04:05.6', '2024-01-02 03:04:05+02']],
  ['TIMESTAMP_MS', '2024-01-02 03:04:05.123', ['2024-01-02 03:04:05.1236', '2024-01-02 03:04:05+02']],
  [
    'TIMESTAMP_NS',
    '2024-01-02 03:04:05.123456789',
    ['2024-01-02 03:04:05.1234567891', '2400-01-02 00:00:00'],
  ],
  ['INTERVAL', '1 day 02:00:00', ['1.5 days', '1.0000001 seconds', 'x']],
  ['INTEGER[]', '[1]', ['[1.5]', 'x']],
  ['UUID', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', ['x']],
  ['BOOLEAN', 'true', ['2', 'x']],
] as const)
  test(`a ${type} is neither rounded nor cut, and what is none is a reject`, async (t) => {
    const { values, rejected } = await loadColumn(t, type, [good, ...bad]);
    assert.deepEqual(values, [good]);
    assert.deepEqual(rejected, bad);
  });

test('a year has four digits', async (t) => {
  const iso = await loadColumn(t, 'DATE', ['24-01-31', '2024-01-31']);
  assert.deepEqual(iso.rejected, ['24-01-31']);
  const formatted = await loadColumn(t, 'DATE', ['31/12/24', '31/12/2024'], { dateFormat: '%d/%m/%Y' });
  assert.deepEqual(formatted.rejected, ['31/12/24']);
});

test('where nothing means NULL no text does', async (t) => {
  const { values } = await loadColumn(t, 'VARCHAR', ['\uffff\uffff', ''], { nulls: [] });
  assert.deepEqual(values, ['\uffff\uffff', '']);
});
