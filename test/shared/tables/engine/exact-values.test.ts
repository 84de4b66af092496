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
