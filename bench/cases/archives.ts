import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { syncFileSystemOf } from '../files.ts';
import { writePool } from '../peers/archive-contents.ts';
import type { WriteOrder } from '../peers/archive-order.ts';
import { assertPublished, runScavenge } from '../peers/archive-scavenge.ts';
import { runWriters, type WritersRun } from '../peers/archive-writers.ts';
import { isInstalled, writeByZipfile, zipPlainFiles } from '../peers/archivers.ts';
import { barsOf } from '../report/bars.ts';
import type { Measure } from '../results.ts';
import { sized } from '../sizes.ts';
import { highest } from '../statistics.ts';
import { WorkDirectory } from '../work-directory.ts';

const SIZE_BYTES = 1024;
const PROCESSES = 4;
const ARCHIVES = 10;
const IN_FLIGHT = 64;
const MIB = 2 ** 20;

/** The first is what the figures are of, the others show whether memory grows. `single`: with one file in flight, which takes long. */
const COUNTS = {
  quick: { files: 4_000, others: [1_000], single: 400 },
  usual: { files: 100_000, others: [10_000], single: 10_000 },
  full: { files: 100_000, others: [10_000, 300_000], single: 10_000 },
};

const NAMES = {
  ours: 'wharfinger, from the first byte to the published archives',
  write: 'wharfinger, until every file is acknowledged',
  fsynced: 'plain files, each fsynced',
  plain: 'plain files, one sync at the end',
  zip: 'plain files, then zip, one sync at the end',
  zipAlone: 'zip alone, of plain files that are there',
  zipfile: "Python's zipfile, archives of each process, one sync at the end",
  single: 'one in flight: wharfinger, until acknowledged',
  singleFsynced: 'one in flight: plain files, each fsynced',
} as const;
type Name = keyof typeof NAMES;

/** Many small files into few archives, against what people do without us. */
export const archives: BenchCase = {
  name: 'archives',
  title: 'Archives',
  method:
    `Files of 1 KiB, lines of a log that deflate to a third, written by ${PROCESSES} processes into ${ARCHIVES} archives, ${IN_FLIGHT} at a time in each process: by the library (\`openArchives\`, \`open\`, \`write\`, \`close\`), then collected by ` +
    '`wharfinger archive scavenge`, start-up included; as plain files by the same processes, as many at a time; by Info-ZIP out of such plain files, four `zip` at a time; and by Python, each process with archives of its own, which nobody puts together. ' +
    'The clock starts when all writers are loaded (`zip` and Python: when they are forked). Of these only plain files that are fsynced each promise what a deposit does: that it survives a power cut from when it was said to be done. All others are safe only after the one sync at the end.',
  async run({ sizes, directory, repetitions, say }) {
    const { files, others, single } = sized(sizes, COUNTS);
    const rates = new Map<Name, number[]>();
    const memory: Memory[] = [];
    const note = (name: Name, rate: number): void => {
      rates.set(name, [...(rates.get(name) ?? []), rate]);
    };
    for (let n = 0; n < repetitions; n++) {
      const steps = [
        ...[files, ...others].map((count) => async (root: string) => {
          const { writers, scavenger, seconds } = await writeAndCollect(root, count);
          memory.push({ count, writer: writers.peakBytes / MIB, scavenger: scavenger.peakBytes / MIB });
          if (count !== files) return;
          note('ours', count / seconds);
          note('write', count / writers.seconds);
        }),
        async (root: string) => note('fsynced', await plainRate(root, { files, isSynced: true })),
        async (root: string) => {
          if (!isInstalled('zip', '-v')) return;
          const order = orderIn(root, { files, how: 'plain', isSynced: false });
          const { seconds } = await runWriters(order);
          const zipSeconds = await zipPlainFiles(order.directory, join(root, 'zipped'), order);
          note('zip', files / (seconds + zipSeconds));
          note('zipAlone', files / zipSeconds);
        },
        async (root: string) => note('plain', await plainRate(root, { files, isSynced: false })),
        async (root: string) => {
          if (!isInstalled('python3', '-c', 'import zipfile, zlib')) return;
          note('zipfile', files / (await writeByZipfile(orderIn(root, { files, how: 'plain' }))));
        },
        async (root: string) => {
          const { seconds } = await runWriters(orderIn(root, { files: single, inFlight: 1 }));
          note('single', single / seconds);
        },
        async (root: string) =>
          note('singleFsynced', await plainRate(root, { files: single, isSynced: true, inFlight: 1 })),
      ];
      // Who comes first finds the machine as the one before left it: turn and turn about.
      for (const [index, step] of (n % 2 === 0 ? steps : steps.toReversed()).entries()) {
        say(`repetition ${n + 1} of ${repetitions}, step ${index + 1} of ${steps.length}`);
        using work = new WorkDirectory(directory);
        await step(work.path);
        syncFileSystemOf(directory);
      }
    }
    const bars = [...rates].map(
      ([name, values]): Measure => ({ what: NAMES[name], unit: 'files/s', values }),
    );
    return {
      ratios: [
        over('ours', 'zip', rates, 'archives over plain files, then zip', 1),
        over('ours', 'fsynced', rates, 'archives over plain files, each fsynced', 1),
        over('write', 'fsynced', rates, 'deposits over plain files, each fsynced', 1),
        over('single', 'singleFsynced', rates, 'deposits over plain files, each fsynced, one in flight'),
        over('ours', 'zipfile', rates, "archives over Python's zipfile"),
      ].flat(),
      figures: [
        ...bars,
        ...(['ours', 'zip'] as const).map((name) => ({
          what: NAMES[name],
          unit: 'MiB/s',
          values: (rates.get(name) ?? []).map((rate) => (rate * SIZE_BYTES) / MIB),
        })),
        ...[files, ...others].toSorted((a, b) => a - b).flatMap((count) => memoryOf(memory, count)),
      ],
      plots: [barsOf('archives', 'Files of 1 KiB a second', bars)],
      notes: notesOf(files, single),
    };
  },
};

type Memory = { count: number; writer: number; scavenger: number };

const notesOf = (files: number, single: number): string[] => [
  `${files.toLocaleString('en-US')} files a run, ${single.toLocaleString('en-US')} where one is in flight.`,
  'Memory is the VmHWM of a process: of the highest of the writers, and of the scavenger. A member of a staging archive that is open costs its entry of the directory, until it is closed or has 65,536 members.',
  ...(isInstalled('zip', '-v') ? [] : ['zip is not installed, so it was not measured.']),
  ...(isInstalled('python3', '-c', 'import zipfile, zlib')
    ? []
    : ['Python is not installed, so it was not measured.']),
];

type Ours = { writers: WritersRun; scavenger: { peakBytes: number }; seconds: number };

async function writeAndCollect(root: string, files: number): Promise<Ours> {
  const order = orderIn(root, { files });
  const writers = await runWriters(order);
  const scavenger = await runScavenge(order.directory, root);
  assertPublished(order.directory, files);
  return { writers, scavenger, seconds: writers.seconds + scavenger.seconds };
}

async function plainRate(root: string, what: Partial<WriteOrder> & { files: number }): Promise<number> {
  const order = orderIn(root, { ...what, how: 'plain' });
  const { seconds } = await runWriters(order);
  const startedMs = performance.now();
  if (!order.isSynced) syncFileSystemOf(root);
  return order.files / (seconds + (performance.now() - startedMs) / 1000);
}

function orderIn(root: string, what: Partial<WriteOrder> & { files: number }): Omit<WriteOrder, 'process'> {
  const directory = join(root, 'files');
  mkdirSync(directory);
  const pool = join(root, 'pool');
  writePool(pool);
  return {
    ...{ how: 'archives', directory, pool, sizeBytes: SIZE_BYTES, archives: ARCHIVES, processes: PROCESSES },
    ...{ inFlight: IN_FLIGHT, isSynced: true, batch: 'batch', ...what },
  };
}

/** The ratio of two rates of the same repetition; nothing where one of them was not measured. */
function over(
  ours: Name,
  theirs: Name,
  rates: ReadonlyMap<Name, number[]>,
  what: string,
  atLeast?: number,
): Measure[] {
  const [values, others] = [rates.get(ours) ?? [], rates.get(theirs) ?? []];
  if (others.length === 0) return [];
  return [
    {
      what,
      unit: 'x',
      values: values.map((rate, n) => rate / (others[n] ?? Number.NaN)),
      ...(atLeast === undefined ? {} : { target: { atLeast } }),
    },
  ];
}

const memoryOf = (all: readonly Memory[], count: number): Measure[] =>
  (['writer', 'scavenger'] as const).map((who) => ({
    what: `${count.toLocaleString('en-US')} files: highest resident memory of a ${who}`,
    unit: 'MiB',
    values: [highest(all.filter((one) => one.count === count).map((one) => one[who]))],
  }));
