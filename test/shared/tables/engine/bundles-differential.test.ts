import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileToLoad, Reject } from '../../../../shared/tables/contract.ts';
import { isBundle } from '../../../../shared/tables/engine/bundle.ts';
import type { RowsLoaded } from '../../../../shared/tables/engine/load-rows.ts';
import { BUNDLING, writeBundles } from '../../../../shared/tables/engine/write-bundles.ts';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { pick, randomFrom } from '../csv/random.ts';
import { schemaOf } from './fake-csv.ts';
import { openFile } from './open-files.ts';
import { TestTable } from './test-table.ts';

const COLUMNS = { id: 'BIGINT', name: 'VARCHAR', x: 'DOUBLE', day: 'DATE' };

type Outcome = { loaded: RowsLoaded | undefined; fault: string | undefined; rows: string[] };

test('files that are put together give the rows, rejects, lines and values that they give by themselves', async (t) => {
  const seen = { bundled: 0, bundles: 0, rejects: 0, faults: 0, rows: 0 };
  for (const header of [true, false]) {
    const schema = schemaOf(COLUMNS, { header });
    const table = await TestTable.make(t, schema);
    for (let seed = 1; seed <= 25; seed++) {
      const contents = randomFiles(randomFrom(seed + (header ? 0 : 50_000)), header);
      const open = async () => {
        const files: FileToLoad[] = [];
        for (const [index, content] of contents.entries()) {
          const file = await openIfFit(openFile(table, content, index + 1));
          if (file !== undefined) files.push(file);
        }
        return files;
      };
      const bundling = { ...BUNDLING, bytes: seed % 3 === 0 ? 200 : BUNDLING.bytes };
      const alone = await outcomeOf(table, await open(), { unbundled: true });
      const files = await open();
      const { files: read, close } = await writeBundles(files, schema, bundling);
      close();
      const bundles = read.filter(isBundle);
      const together = await outcomeOf(table, files, { bundling });
      assert.deepEqual(together, alone, `seed ${seed}, header ${header}`);
      seen.bundles += bundles.length;
      seen.bundled += bundles.reduce((sum, { parts }) => sum + parts.length, 0);
      seen.rejects += alone.loaded?.rejects.length ?? 0;
      seen.rows += alone.rows.length;
      seen.faults += alone.fault === undefined ? 0 : 1;
    }
  }
  assert.ok(seen.bundles > 25 && seen.bundled > 60, JSON.stringify(seen));
  assert.ok(seen.rejects > 100 && seen.rows > 500 && seen.faults > 2, JSON.stringify(seen));
});

async function outcomeOf(
  table: TestTable,
  files: readonly FileToLoad[],
  options: Parameters<TestTable['load']>[1],
): Promise<Outcome> {
  let loaded: RowsLoaded | undefined;
  let fault: string | undefined;
  try {
    const { files: loads, rejects } = await table.load(files, options);
    loaded = { files: loads, rejects: rejects.toSorted(byPlace) };
  } catch (error) {
    if (!(error instanceof FileFaultError)) throw error;
    fault = `${error.fault.code}`;
  }
  const rows = (await table.rows()).map((row) => JSON.stringify(row)).sort();
  await table.duck.connection.run('DELETE FROM t');
  return { loaded, fault, rows };
}

const byPlace = (one: Reject, other: Reject): number =>
  one.fileId - other.fileId || one.line - other.line || (one.column ?? '').localeCompare(other.column ?? '');

async function openIfFit(opened: Promise<FileToLoad>): Promise<FileToLoad | undefined> {
  try {
    return await opened;
  } catch (error) {
    if (error instanceof FileFaultError) return undefined;
    throw error;
  }
}

const HEADER = 'id,name,x,day';
const CELLS: readonly (readonly string[])[] = [
  ['1', '7', '12', '', 'NA', '-3', '9007199254740993', '7.0', '1e3', '2147483648'],
  ['a', '', 'NA', '"q"', '"c,d"', '"say ""hi"""', 'é', ' "sp"', '"sp" ', ' ', 'Ö 𝄞'],
  ['1.5', '', '-0', '1e10', 'inf', '3'],
  ['2024-01-01', '', 'NA', '2024-2-3'],
];
/** Of each type: what is none. */
const BAD: readonly (readonly string[])[] = [
  ['1.5', 'x', '0x10', '9223372036854775808', '"z"'],
  ['"g"x', '"l\nm"', '"l\r\nm"', '"g" y'],
  ['1e400', 'x', '1,5,7'],
  ['2024-02-30', '2024-01-01 10:00:00', 'x', '2024-01-01,more', '1,2,3'],
];

/** Files of which most are plain, some have rejects, and a few whatever else a file may have. */
function randomFiles(random: () => number, header: boolean): string[] {
  const count = 2 + Math.floor(random() * 6);
  return Array.from({ length: count }, () => {
    const isOdd = random() < 0.25;
    const end = pick(random, ['\n', '\n', '\n', '\r\n', '\r\n', ...(isOdd ? ['\r'] : [])]);
    const badness = pick(random, [0, 0, 0.05, 0.2]);
    const lines = Array.from({ length: Math.floor(random() * 12) }, () =>
      isOdd && random() < 0.1 ? pick(random, ['', ' ', '1', ',,,', '1,a,2', '"']) : record(random, badness),
    );
    if (!header && lines.length === 0) lines.push(record(random, 0));
    if (header)
      lines.unshift(isOdd && random() < 0.3 ? pick(random, ['"id","name",x,day', 'day,id,name']) : HEADER);
    const text = lines.join(isOdd && random() < 0.1 ? pick(random, ['\n', '\r\n']) : end);
    const last = random() < 0.6 ? end : isOdd && random() < 0.5 ? end + end : '';
    return `${random() < 0.15 ? '\ufeff' : ''}${text}${last}`;
  });
}

const record = (random: () => number, badness: number): string =>
  CELLS.map((cells, index) => pick(random, random() < badness ? (BAD[index] ?? cells) : cells)).join(',');
