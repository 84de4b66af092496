import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, watch, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchCase } from '../case.ts';
import { WORKERS } from '../once-run.ts';
import { type Places, Program, placesIn, startArguments } from '../program.ts';
import { sized } from '../sizes.ts';
import { highest, median } from '../statistics.ts';

const SIZES = { quick: 20, usual: 100 };
/** Far enough apart that no file waits for the one before. */
const APART_MS = { least: 60, most: 140 };
/** After its first file the program has nothing left to do that belongs to its start. */
const SETTLE_MS = 1_000;
const GIVE_UP_MS = 10_000;

/** How long a file that its writer closed waits to be in the warehouse, of a program that has nothing else to do. */
export const latency: BenchCase = {
  name: 'latency',
  title: 'From close to warehouse',
  method:
    `\`wharfinger start --mode close-write\` with ${WORKERS} workers runs; files of 2 KiB are written one at a time, 60 to 140 ms apart. From just ` +
    'before close(2) until inotify shows the name in the warehouse, and until the record of its commit is in the log. ' +
    'Beside it what the disk alone takes: write, fsync and fsync of the directory, of a file of the same size.',
  async run({ sizes, directory, repetitions, say }) {
    const count = sized(sizes, SIZES);
    const all = { placed: [] as number[], committed: [] as number[], disk: [] as number[] };
    const medians = { placed: [] as number[], disk: [] as number[] };
    const worst: number[] = [];
    for (let n = 0; n < repetitions; n++) {
      say(`repetition ${n + 1} of ${repetitions}, ${count} files`);
      const disk = diskLatencies(join(directory, `disk-${n}`), count);
      const { placed, committed } = await latenciesOf(placesIn(join(directory, String(n))), count);
      all.placed.push(...placed);
      all.committed.push(...committed);
      all.disk.push(...disk);
      medians.placed.push(median(placed));
      medians.disk.push(median(disk));
      worst.push(highest(placed));
    }
    return {
      ratios: [
        {
          what: 'close to warehouse over one durable write, medians',
          unit: 'x',
          values: medians.placed.map((value, n) => value / (medians.disk[n] ?? Number.NaN)),
        },
      ],
      figures: [
        {
          what: 'close to warehouse, median',
          unit: 'ms',
          values: medians.placed,
          target: { below: 50 },
        },
        {
          what: `close to warehouse, worst of ${count}`,
          unit: 'ms',
          values: worst,
          target: { below: 250, every: true },
        },
        { what: 'close to commit, all files', unit: 'ms', values: all.committed },
        { what: 'one durable write, median', unit: 'ms', values: medians.disk },
      ],
      plots: [
        {
          name: 'latency',
          title: 'From close(2) to the warehouse',
          form: 'lines',
          xLabel: 'per cent of the files',
          yLabel: 'ms',
          series: [
            { name: 'in the warehouse', points: quantiles(all.placed) },
            { name: 'committed', points: quantiles(all.committed) },
            { name: 'one durable write', points: quantiles(all.disk) },
          ],
        },
      ],
      notes: [
        'The spread of a figure is over the repetitions, that of "all files" over all files of all of them.',
      ],
    };
  },
};

async function latenciesOf(places: Places, count: number) {
  for (const path of [places.input, places.warehouse, places.manifests]) mkdirSync(path, { recursive: true });
  await using program = new Program(
    startArguments(places, ['--mode', 'close-write', '--workers', String(WORKERS)]),
  );
  await Promise.all([program.next('discoverer.started'), program.next('worker.started', WORKERS)]);
  // The first file makes the partition's directory, which is then watched.
  const first = program.next('file.ingested');
  closeSync(writeFile(join(places.input, 'first.csv'), 'first'));
  await delay(SETTLE_MS);
  const partition = join(String((await first).path), '..');
  const placed: number[] = [];
  const committed: number[] = [];
  for (let n = 0; n < count; n++) {
    const name = `file-${n}.csv`;
    const fd = writeFile(join(places.input, name), `${name} of ${places.input}`);
    const commit = program.next('file.ingested').then(() => performance.now());
    const place = appearance(partition, name);
    const closedMs = performance.now();
    closeSync(fd);
    placed.push((await place) - closedMs);
    committed.push((await commit) - closedMs);
    await delay(APART_MS.least + Math.random() * (APART_MS.most - APART_MS.least));
  }
  await program.stop();
  return { placed, committed };
}

/** The moment at which the name is in the directory. */
async function appearance(directory: string, name: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const watcher = watch(directory, (_, changed) => {
    if (changed === name && existsSync(join(directory, name))) resolve(performance.now());
  });
  const timer = setTimeout(
    () => reject(new Error(`${name} did not come within ${GIVE_UP_MS} ms`)),
    GIVE_UP_MS,
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    watcher.close();
  }
}

function diskLatencies(directory: string, count: number): number[] {
  mkdirSync(directory);
  const directoryFd = openSync(directory, 'r');
  const latencies = Array.from({ length: count }, (_, n) => {
    const startedMs = performance.now();
    const fd = writeFile(join(directory, `file-${n}`), String(n));
    fsyncSync(fd);
    closeSync(fd);
    fsyncSync(directoryFd);
    return performance.now() - startedMs;
  });
  closeSync(directoryFd);
  return latencies;
}

/** @returns the descriptor, open for writing */
function writeFile(path: string, text: string): number {
  const fd = openSync(path, 'w');
  writeSync(fd, text.padEnd(2048, '.'));
  return fd;
}

function quantiles(values: readonly number[]): { x: number; y: number }[] {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.map((y, n) => ({ x: ((n + 1) / sorted.length) * 100, y }));
}
