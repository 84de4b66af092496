import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FileToLoad, Reject } from '../../../../shared/tables/contract.ts';
import { BundleError } from '../../../../shared/tables/engine/bundle.ts';
import { schemaOf } from './fake-csv.ts';
import { openFiles } from './open-files.ts';
import { TestTable } from './test-table.ts';

const NULLS = ['', 'NA', '-99', 'n_a', '1e5'];

const TYPES = [
  'TINYINT',
  'BIGINT',
  'HUGEINT',
  'DOUBLE',
  'DECIMAL(4,1)',
  'DECIMAL(18,3)',
  'DECIMAL(38,20)',
  'DATE',
  'TIMESTAMP',
];

const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 0, maxLength: most });
const sign = fc.constantFrom('', '', '', '-');
const whole = fc.tuple(sign, digits(20)).map((parts) => parts.join(''));
const short = fc.tuple(sign, digits(3)).map((parts) => parts.join(''));
const decimal = fc.tuple(sign, digits(8), fc.constant('.'), digits(7)).map((parts) => parts.join(''));
const zeros = fc.tuple(short, fc.constantFrom('', '.', '.0', '.50', '.000')).map((parts) => parts.join(''));
const long = fc.tuple(sign, digits(400), fc.constant('.'), digits(400)).map((parts) => parts.join(''));
const two = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'));
const day = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }))
  .map(([year, month, of]) =>
    [String(year).padStart(4, '0'), ...[month, of].map((part) => String(part).padStart(2, '0'))].join('-'),
  );
const goodDay = fc
  .integer({ min: 0, max: 40_000 })
  .map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10));
const moment = fc
  .tuple(fc.oneof(goodDay, day), fc.constantFrom(' ', 'T'), two, two, two)
  .map(([on, between, ...time]) => `${on}${between}${time.join(':')}`);
const goodMoment = fc
  .integer({ min: 0, max: 4e9 })
  .chain((n) =>
    fc
      .constantFrom(' ', 'T')
      .map((between) => new Date(n * 1000).toISOString().slice(0, 19).replace('T', between)),
  );
const odd = fc.constantFrom(
  ...[
    '--5',
    '-',
    '.',
    '-.',
    '1.2.3',
    '5-5',
    '1-',
    '24-01-02',
    '2024-1-1-9',
    '-2024-01-1',
    '2024-01-01 and more',
    '2024-01-01 1',
    ' 7 ',
    '+3',
    '1_000',
    '0x10',
  ],
  ...[
    '1e3',
    '1e400',
    '1E5',
    '1e-400',
    'inf',
    'NAN',
    'nan',
    'A',
    'unknown',
    'é',
    '1,5',
    '"7"',
    '"1.5"',
    '"2024-01-02"',
    '"NA"',
    '""',
    '"a""b"',
    '"a,b"',
    '"l\nm"',
    '007',
    '12345678901234567',
    '1.5',
  ],
  ...[
    '2024-01-02 10:00',
    '2024-01-02 10:00:00Z',
    '2024-01-02T10:00:00.5',
    '0.1234567890123456',
    '3.99999999999999999999',
  ],
);
const word = fc.constantFrom(...NULLS);

/** Cells of one sort, and a few of others. */
const cells = fc
  .constantFrom(whole, short, decimal, zeros, long, day, goodDay, moment, goodMoment)
  .chain((sort) =>
    fc.tuple(
      fc.array(fc.oneof({ weight: 6, arbitrary: sort }, { weight: 1, arbitrary: word }), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.constantFrom(0, 0, 0, 1, 2),
      fc.array(odd, { minLength: 2, maxLength: 2 }),
    ),
  )
  .map(([most, count, others]) => [...most, ...others.slice(0, count)]);

const contents = fc.array(cells, { minLength: 1, maxLength: 3 });

const RUNS = 8;

for (const type of TYPES)
  test(`cells of ${type} that the reader is trusted with have the values, or the rejects, that their text has`, async (t) => {
    const schema = schemaOf({ n: 'VARCHAR', x: type }, { nulls: NULLS });
    const table = await TestTable.make(t, schema);
    await fc.assert(
      fc.asyncProperty(contents, async (columns) => {
        const texts = columns.map(
          (column, file) => `n,x\n${column.map((cell, row) => `f${file}r${row},${cell}\n`).join('')}`,
        );
        const byText = await outcome(table, await openFiles(table, texts), true);
        let found: Outcome;
        try {
          found = await outcome(table, await openFiles(table, texts), false);
        } catch (error) {
          if (!(error instanceof BundleError)) throw error;
          assert.ok(byText.rejects.length > 0, 'all was to be read again, and there was no need');
          return;
        }
        assert.deepEqual(found, byText);
      }),
      { numRuns: RUNS, seed: 1 },
    );
  });

type Outcome = { rows: string[]; rejects: Reject[] };

async function outcome(table: TestTable, files: readonly FileToLoad[], unbundled: boolean): Promise<Outcome> {
  let rejects: Reject[] = [];
  let rows: unknown[] = [];
  try {
    rejects = (await table.load(files, { maxRejects: 1000, unbundled })).rejects;
    rows = await table.rows('SELECT n, x::VARCHAR FROM t ORDER BY ALL');
  } catch (error) {
    // All rows of a file are rejects.
    if (!(error instanceof Error && 'fault' in error)) throw error;
    rejects = [{ fileId: 0, line: 0, column: undefined, value: undefined, reason: 'all' }];
  }
  await table.duck.connection.run('DELETE FROM t');
  const byPlace = (a: Reject, b: Reject): number => a.fileId - b.fileId || a.line - b.line;
  return { rows: rows.map((row) => JSON.stringify(row)), rejects: rejects.toSorted(byPlace) };
}
