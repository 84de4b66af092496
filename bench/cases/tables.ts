import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COLUMNS, SCHEMA } from '../../test/simulate/credit/columns.ts';
import { writeCreditFiles } from '../../test/simulate/credit/write-files.ts';
import type { BenchCase } from '../case.ts';
import { syncFileSystemOf } from '../files.ts';
import { WORKERS } from '../once-run.ts';
import { duckdb, postgres, type Table, type TableBench } from '../peers/table-loaders.ts';
import { MemoryWatch } from '../process-group.ts';
import { Program } from '../program.ts';
import { barsOf } from '../report/bars.ts';
import type { Measure } from '../results.ts';
import { type Sizes, sized } from '../sizes.ts';

const MIB = 1024 * 1024;
const ROW_BYTES = 66;

type Files = { count: number; bytes: number };
const LARGE: Record<'quick' | 'usual', Files> = {
  quick: { count: 4, bytes: MIB },
  usual: { count: 100, bytes: 10 * MIB },
};
/** `each`: of how many the rate of one transaction a file is taken; it takes too long for all. */
const SMALL: Record<'quick' | 'usual', Files & { each: number }> = {
  quick: { count: 100, bytes: 4096, each: 20 },
  usual: { count: 10_000, bytes: 4096, each: 1_000 },
};

const CREATE = `CREATE TABLE credit (${COLUMNS.map((name) => `"${name}" ${SCHEMA.columns[name] === 'DOUBLE' ? 'double precision' : 'bigint'}`).join(', ')})`;

/** Loading tables, against what the databases themselves do. */
export const tables: BenchCase = {
  name: 'tables',
  title: 'Tables',
  method:
    `CSV files of 12 columns of numbers, found by \`wharfinger scan\` (not counted) and loaded by \`wharfinger load --once\` with ${WORKERS} workers, against the same files taken by ` +
    "DuckDB's own COPY in one statement and one process, and by psql's `\\copy`, a file after the other. Wharfinger reads each file once more, for its SHA-256 and its count of records. From fork to exit; where start-up is " +
    'subtracted, ours is that of a run that finds nothing to load. Small files are compared with a transaction for each of them.',
  async run({ sizes, directory, repetitions, say }) {
    const ends: (() => unknown)[] = [];
    try {
      const context = { after: (end: () => unknown) => void ends.push(end) };
      const places = [duckdb(CREATE), await postgres(CREATE, context)].filter((place) => place !== undefined);
      const run = { sizes, directory, repetitions, say };
      const parts: Part[] = [];
      for (const place of places) parts.push(await measureLarge(place, run), await measureSmall(place, run));
      return {
        ratios: parts.flatMap(({ ratios }) => ratios),
        figures: parts.flatMap(({ figures }) => figures),
        plots: parts.map(({ name, title, bars }) => barsOf(name, title, bars)),
        notes: places.length < 2 ? ['PostgreSQL is not installed, so it was not measured.'] : [],
      };
    } finally {
      for (const end of ends.reverse()) await end();
    }
  },
};

type Run = { sizes: Sizes; directory: string; repetitions: number; say(text: string): void };
type Part = { name: string; title: string; ratios: Measure[]; figures: Measure[]; bars: Measure[] };

async function measureLarge(place: TableBench, run: Run): Promise<Part> {
  const { count, bytes } = sized(run.sizes, LARGE);
  const mebibytes = (count * bytes) / MIB;
  const rates: Record<'ours' | 'subtracted' | 'peer' | 'peak', number[]> = {
    ours: [],
    subtracted: [],
    peer: [],
    peak: [],
  };
  for (let n = 0; n < run.repetitions; n++) {
    run.say(`repetition ${n + 1} of ${run.repetitions}, ${count} files of ${bytes} bytes into ${place.name}`);
    const root = join(run.directory, `large-${place.name}-${n}`);
    const { files, rows } = makeCsvFiles(join(root, 'files'), count, bytes);
    const peer = await place.make(join(root, 'peer'));
    const peerSeconds = peer.copy(files);
    await assertRows(peer, rows);
    const own = await place.make(join(root, 'ours'));
    const { seconds, startUpSeconds, peakMiB } = await loadBy(own, join(root, 'ours'), files);
    await assertRows(own, rows);
    rates.ours.push(mebibytes / seconds);
    rates.subtracted.push(mebibytes / (seconds - startUpSeconds));
    rates.peer.push(mebibytes / peerSeconds);
    rates.peak.push(peakMiB);
    rmSync(root, { recursive: true, force: true });
  }
  const over = (values: readonly number[]) => values.map((rate, n) => rate / (rates.peer[n] ?? Number.NaN));
  const what = `large files into ${place.name}`;
  const bars: Measure[] = [
    { what: `${what}: wharfinger, start-up subtracted`, unit: 'MiB/s', values: rates.subtracted },
    { what: `${what}: wharfinger, from fork to exit`, unit: 'MiB/s', values: rates.ours },
    { what: `${what}: ${place.peer}`, unit: 'MiB/s', values: rates.peer },
  ];
  return {
    name: `tables-${place.name.toLowerCase()}`,
    title: `${count} files of ${Math.round(bytes / MIB)} MiB into ${place.name}, MiB a second`,
    ratios: [
      {
        what: `${what} over ${place.peer}, start-up subtracted`,
        unit: 'x',
        values: over(rates.subtracted),
        target: { atLeast: 0.8 },
      },
      { what: `${what} over ${place.peer}, from fork to exit`, unit: 'x', values: over(rates.ours) },
    ],
    figures: [
      ...bars,
      { what: `${what}: highest resident memory of a process`, unit: 'MiB', values: rates.peak },
    ],
    bars,
  };
}

async function measureSmall(place: TableBench, run: Run): Promise<Part> {
  const { count, bytes, each } = sized(run.sizes, SMALL);
  const ours: number[] = [];
  const peers: number[] = [];
  const bounds: number[] = [];
  for (let n = 0; n < run.repetitions; n++) {
    run.say(`repetition ${n + 1} of ${run.repetitions}, ${count} files of ${bytes} bytes into ${place.name}`);
    const root = join(run.directory, `small-${place.name}-${n}`);
    const some = makeCsvFiles(join(root, 'some'), each, bytes);
    const peer = await place.make(join(root, 'peer'));
    peers.push(each / peer.each(some.files));
    await assertRows(peer, some.rows);
    const all = makeCsvFiles(join(root, 'files'), count, bytes);
    const own = await place.make(join(root, 'ours'));
    ours.push(count / (await loadBy(own, join(root, 'ours'), all.files)).seconds);
    await assertRows(own, all.rows);
    const bound = await place.make(join(root, 'bound'));
    bounds.push(count / bound.atOnce(all.files));
    await assertRows(bound, all.rows);
    rmSync(root, { recursive: true, force: true });
  }
  const what = `small files into ${place.name}`;
  const bars: Measure[] = [
    { what: `${what}: wharfinger, from fork to exit`, unit: 'files/s', values: ours },
    { what: `${what}: one transaction a file`, unit: 'files/s', values: peers },
    { what: `${what}: ${place.bound}`, unit: 'files/s', values: bounds },
  ];
  return {
    name: `tables-${place.name.toLowerCase()}-small`,
    title: `Files of ${bytes / 1024} KiB into ${place.name}, files a second`,
    ratios: [
      {
        what: `${what} over one transaction a file`,
        unit: 'x',
        values: ours.map((rate, n) => rate / (peers[n] ?? Number.NaN)),
        target: { atLeast: 20 },
      },
    ],
    figures: bars,
    bars,
  };
}

/** `load --once` of what `scan --once` found. */
async function loadBy({ into, env }: Table, root: string, files: string) {
  const state = join(root, 'state', 'wharfinger.db');
  mkdirSync(join(root, 'state'), { recursive: true });
  const schema = join(root, 'schema.yaml');
  // JSON is YAML too.
  writeFileSync(schema, JSON.stringify(SCHEMA));
  const log = ['--state-path', state, '--log-format', 'json', '--log-level', 'warn'];
  const scan = ['scan', '--once', '--store', files, '--into', into, '--table', 'credit'];
  const load = ['load', '--once', '--workers', String(WORKERS), ...log];
  await run([...scan, '--schema-file', schema, '--stability-seconds', '0', ...log], env);
  const { seconds, peakMiB } = await run(load, env);
  const { seconds: startUpSeconds } = await run(load, env);
  return { seconds, startUpSeconds, peakMiB };
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv) {
  const startedMs = performance.now();
  await using program = new Program(args, env);
  using memory = new MemoryWatch(program.group);
  await program.finished();
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, peakMiB: Math.max(0, ...memory.peaks().map(({ peakBytes }) => peakBytes)) / MIB };
}

/** Files of about this size, no two alike, on disk when this returns. */
function makeCsvFiles(directory: string, count: number, bytes: number): { files: string; rows: number } {
  const sample = join(directory, '..', 'sample');
  const rowsOfOne = Math.floor(bytes / ROW_BYTES);
  const [path = ''] = writeCreditFiles({
    directory: sample,
    seed: 1,
    rows: rowsOfOne,
    hours: 1,
    end: new Date(),
  });
  // Every row is to be loaded: what words among numbers cost is another question.
  const [header = '', ...rows] = readFileSync(path, 'utf8').replaceAll('unknown', '42').trimEnd().split('\n');
  mkdirSync(directory, { recursive: true });
  const rest = Buffer.from(`\n${rows.slice(1).join('\n')}\n`);
  const first = rows[0]?.replace(/^\d+/, '') ?? '';
  for (let n = 0; n < count; n++) {
    const name = join(directory, `credit-${String(n).padStart(5, '0')}.csv`);
    writeFileSync(name, Buffer.concat([Buffer.from(`${header}\n${1_000_000_000 + n}${first}`), rest]));
  }
  syncFileSystemOf(directory);
  return { files: directory, rows: count * rowsOfOne };
}

/** @throws where rows are missing or too many: such a run measures nothing */
async function assertRows(table: Table, expected: number): Promise<void> {
  const rows = await table.rows();
  if (rows !== expected) throw new Error(`${rows} of ${expected} rows are in ${table.into}`);
}
