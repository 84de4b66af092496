import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { PlainCsv } from '../../../../shared/tables/contract.ts';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { DuckDbReader } from './duckdb-reader.ts';
import { opening } from './opening.ts';
import { randomFrom } from './random.ts';
import { randomCsv } from './random-csv.ts';

let reader: DuckDbReader;
before(async () => {
  reader = await DuckDbReader.open();
});
after(() => reader.close());

test('what is opened has as many records as DuckDB has rows and rejects, however broken it is', async (t) => {
  const { open } = opening(t);
  let opened = 0;
  let rejected = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const { text, dialect, header, chunkBytes } = randomCsv(randomFrom(seed), { isWild: true });
    const csv = await openIfFit(open(text, { dialect, header, chunkBytes }));
    if (csv === undefined) continue;
    const { rows, rejectsAt } = await reader.read(csv.readPath, dialect, header, csv.firstRecord.length);
    assert.equal(rows.length + rejectsAt.length, csv.audit.records - (header ? 1 : 0), `seed ${seed}`);
    csv.close();
    opened += 1;
    rejected += rejectsAt.length;
  }
  assert.ok(opened > 200, `${opened} were opened`);
  assert.ok(rejected > 100, `${rejected} rows were rejected`);
});

test('of well-formed files DuckDB reads the cells that were written, and the lines of rejects and records are theirs', async (t) => {
  const { open } = opening(t);
  let rejected = 0;
  for (let seed = 10_001; seed <= 10_400; seed++) {
    const { text, dialect, header, chunkBytes, records } = randomCsv(randomFrom(seed), { isWild: false });
    const [first] = records;
    if (first === undefined) continue;
    const csv = await openIfFit(open(text, { dialect, header, chunkBytes }));
    if (csv === undefined) continue;
    const columns = first.cells.length;
    assert.deepEqual(csv.firstRecord, first.cells, `seed ${seed}: its first record`);
    if (columns > 1) {
      const numbers = records.map((_, index) => index + 1);
      assert.deepEqual(
        csv.linesOf(numbers),
        records.map(({ line }) => line),
        `seed ${seed}: lines of records`,
      );
      assert.equal(
        csv.audit.isRegular,
        records.every(({ line }, index) => line === index + 1) &&
          !records.some(({ cells }) => /[\r\n]/.test(cells.join(''))),
        `seed ${seed}: regular`,
      );
    }
    const body = header ? records.slice(1) : records;
    // It does not mind more cells than columns as long as they are empty.
    const isRow = ({ cells }: { cells: string[] }) =>
      cells.length >= columns && cells.slice(columns).every((cell) => cell === '');
    const expected = body
      .filter(isRow)
      .map(({ cells }) => cells.slice(0, columns).map((cell) => (cell === '' ? null : cell)));
    const { rows, rejectsAt } = await reader.read(csv.readPath, dialect, header, columns);
    const isEmptyRow = (row: unknown[]) => columns === 1 && row[0] === null;
    assert.deepEqual(
      rows.filter((row) => !isEmptyRow(row)),
      expected.filter((row) => !isEmptyRow(row)),
      `seed ${seed}: rows`,
    );
    const wrong = body.filter((record) => !isRow(record));
    assert.deepEqual(
      csv.linesAt(rejectsAt),
      wrong.map(({ line }) => line),
      `seed ${seed}: lines of rejects`,
    );
    rejected += wrong.length;
    csv.close();
  }
  assert.ok(rejected > 50, `${rejected} rows were rejected`);
});

test('no cell that DuckDB reads looks like anything that is not in the shape of its column, however broken the text is', async (t) => {
  const { open } = opening(t);
  let known = 0;
  for (let seed = 20_001; seed <= 20_300; seed++) {
    const random = randomFrom(seed);
    const { text, dialect, chunkBytes } = randomCsv(random, { isWild: true });
    const digits = text.replaceAll(/[a-zé€ü\u{1d11e}]/gu, () => (random() < 0.97 ? '5' : 'x'));
    const csv = await openIfFit(open(digits, { dialect, header: true, chunkBytes }));
    if (csv === undefined) continue;
    const { shapes } = csv.audit;
    const { rows } = await reader.read(csv.readPath, dialect, true, csv.firstRecord.length);
    shapes?.forEach((shape, column) => {
      if (shape.hasText) return;
      for (const cell of rows.map((row) => row[column]))
        assert.match(cell ?? '', /^-?[0-9.]*$/, `seed ${seed}: ${JSON.stringify(digits)}`);
      known += shape.digits > 0 ? 1 : 0;
    });
    csv.close();
  }
  assert.ok(known > 100, `${known} columns of numbers`);
});

/** Undefined where the file was refused for its quotes or line ends, or has no record. */
async function openIfFit(opened: Promise<PlainCsv>): Promise<PlainCsv | undefined> {
  try {
    return await opened;
  } catch (error) {
    if (error instanceof FileFaultError && FIT_FAULTS.has(error.fault.code)) return undefined;
    throw error;
  }
}

const FIT_FAULTS: ReadonlySet<string> = new Set(['load.quote', 'load.line_ends', 'load.empty']);
