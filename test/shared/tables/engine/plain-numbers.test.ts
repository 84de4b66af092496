import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reject } from '../../../../shared/tables/contract.ts';
import { BundleError } from '../../../../shared/tables/engine/bundle.ts';
import { pick, randomFrom } from '../csv/random.ts';
import { schemaOf } from './fake-csv.ts';
import { openFiles } from './open-files.ts';
import { TestTable } from './test-table.ts';

const COLUMNS = { id: 'BIGINT', small: 'TINYINT', wide: 'HUGEINT', x: 'DOUBLE' };
const NULLS = ['', 'NA'];
const schema = schemaOf(COLUMNS, { nulls: NULLS });

/** Texts of which some are numbers of every column, and some of none. */
const PLAIN = [
  '0',
  '-0',
  '7',
  '007',
  '-12',
  '7.0',
  '7.',
  '.0',
  '127',
  '0.5',
  '1.25',
  '.5',
  '-.5',
  'NA',
  '',
  '128',
];
const OTHERS = [
  '1e3',
  '+3',
  '1_000',
  '0x10',
  'inf',
  'nan',
  ' 7 ',
  '1.2.3',
  '--5',
  '-',
  '1234567890123456',
  'A',
  'NAN',
  '"7"',
];

test('a file of short decimal numbers and words that mean NULL is told from all others', async (t) => {
  const table = await TestTable.make(t, schema);
  const isPlain = async (cell: string): Promise<boolean | undefined> => {
    const [file] = await openFiles(table, [`id,small\n1,${cell}\n`]);
    return file?.csv.audit.hasPlainNumbers;
  };
  for (const cell of [...PLAIN, '123456789.12345', '"7"', '1.2.3', '--5'])
    assert.equal(await isPlain(cell), true, cell);
  for (const cell of ['1e3', '1E3', '+3', '1_000', '0x10', 'inf', ' 7', 'é', 'x', '1234567890.123456'])
    assert.equal(await isPlain(cell), false, cell);
});

test('the letters of a word that means NULL allow no exponent', async (t) => {
  const table = await TestTable.make(t, schemaOf(COLUMNS, { nulls: ['NONE', 'nil'] }));
  for (const cell of ['1E5', '1e5', 'inf', 'NONE']) {
    const [file] = await openFiles(table, [`id,small\n1,${cell}\n`]);
    assert.equal(file?.csv.audit.hasPlainNumbers, false, cell);
  }
});

test('plain numbers are loaded by the reader with the values that their text has, or all is done again by the text', async (t) => {
  const table = await TestTable.make(t, schema);
  const seen = { asNumbers: 0, again: 0, asText: 0 };
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomFrom(seed);
    const cells =
      seed % 3 === 0 ? [...PLAIN, ...OTHERS] : seed % 3 === 1 ? PLAIN : ['0', '-1', '7', '100', 'NA', ''];
    const contents = Array.from({ length: 3 }, () => {
      const rows = Array.from({ length: 12 }, () => Array.from({ length: 4 }, () => pick(random, cells)));
      return `id,small,wide,x\n${[['1', '1', '1', '1'], ...rows].map((row) => row.join(',')).join('\n')}\n`;
    });
    const open = () => openFiles(table, contents);
    const byText = await outcome(table, await open(), { unbundled: true });
    const files = await open();
    const isPlain = files.every(({ csv }) => csv.audit.hasPlainNumbers === true);
    let found: Outcome;
    try {
      found = await outcome(table, files, {});
      seen[isPlain ? 'asNumbers' : 'asText'] += 1;
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      assert.ok(byText.rejects.length > 0, `seed ${seed}: ${contents.join('')}`);
      seen.again += 1;
      continue;
    }
    assert.deepEqual(found, byText, `seed ${seed}: ${contents.join('')}`);
  }
  assert.ok(seen.asNumbers > 10 && seen.again > 10 && seen.asText > 10, JSON.stringify(seen));
});

type Outcome = { rows: string[]; rejects: Reject[] };

async function outcome(
  table: TestTable,
  files: Awaited<ReturnType<typeof openFiles>>,
  options: { unbundled?: boolean },
): Promise<Outcome> {
  try {
    const { rejects } = await table.load(files, { maxRejects: 1000, ...options });
    const { connection } = table.duck;
    const found = await connection.runAndReadAll(
      'SELECT CAST((id, small, wide, x) AS VARCHAR) FROM t ORDER BY ALL',
    );
    await connection.run('DELETE FROM t');
    const byPlace = (a: Reject, b: Reject): number =>
      a.fileId - b.fileId || a.line - b.line || String(a.column).localeCompare(String(b.column));
    return { rows: found.getRows().map(String), rejects: rejects.toSorted(byPlace) };
  } finally {
    for (const { csv } of files) csv.close();
  }
}
