import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FileToLoad } from '../../../../shared/tables/contract.ts';
import { BundleError } from '../../../../shared/tables/engine/bundle.ts';
import { groupsAsIs } from '../../../../shared/tables/targets/postgres-as-is.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { loadOf, PostgresLab } from './postgres-lab.ts';
import { HEADER, NUMBERS, relationOf, STORED, TYPES } from './postgres-numbers.ts';

const server = postgresOfFile();

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
