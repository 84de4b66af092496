import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { makeLargeFiles } from '../files.ts';
import { runOnce, WORKERS } from '../once-run.ts';
import { placesIn } from '../program.ts';
import { barsOf } from '../report/bars.ts';
import { sized } from '../sizes.ts';
import { netRates } from '../statistics.ts';

const MIB = 2 ** 20;
const SIZES = {
  quick: { files: 2, bytes: 64 * MIB },
  usual: { files: 8, bytes: 256 * MIB },
  full: { files: 16, bytes: 256 * MIB },
};

/** Large files, which cost hashing, against the program that people hash with. */
export const largeFiles: BenchCase = {
  name: 'large-files',
  title: 'Large files',
  method:
    `Files of 256 MiB, taken by \`wharfinger start --once\` with ${WORKERS} workers, and before or after that read by two parallel ` +
    '`openssl dgst -sha256`, each with half of them: the same bytes, from the page cache both times, and nothing but the hash. From fork to exit.',
  async run({ sizes, directory, repetitions, say }) {
    const { files, bytes } = sized(sizes, SIZES);
    const mebibytes = (files * bytes) / MIB;
    const rates = { ours: [] as number[], openssl: [] as number[] };
    const took: number[] = [];
    const startUps: number[] = [];
    for (let n = 0; n < repetitions; n++) {
      say(`repetition ${n + 1} of ${repetitions}, ${files} files of ${bytes / MIB} MiB`);
      const root = join(directory, String(n));
      const places = placesIn(root);
      mkdirSync(places.input, { recursive: true });
      const startUp = (await runOnce(placesIn(join(directory, `empty-${n}`)), 0)).seconds;
      const opensslPlaces = join(root, 'for-openssl');
      mkdirSync(opensslPlaces);
      const paths = makeLargeFiles(opensslPlaces, files, bytes).map((name) => join(opensslPlaces, name));
      makeLargeFiles(places.input, files, bytes);
      const measureOpenssl = async () => rates.openssl.push(mebibytes / (await hashByOpenssl(paths)));
      if (n % 2 === 0) await measureOpenssl();
      const { seconds } = await runOnce(places, files);
      if (n % 2 === 1) await measureOpenssl();
      rates.ours.push(mebibytes / seconds);
      took.push(seconds);
      startUps.push(startUp);
      rmSync(root, { recursive: true });
    }
    const net = netRates(mebibytes, took, startUps);
    const over = (values: number[]) => values.map((value, n) => value / (rates.openssl[n] ?? Number.NaN));
    const figures = [
      { what: 'two parallel openssl dgst', unit: 'MiB/s', values: rates.openssl },
      { what: 'wharfinger, start-up subtracted', unit: 'MiB/s', values: net },
      { what: 'wharfinger, from fork to exit', unit: 'MiB/s', values: rates.ours },
    ];
    return {
      ratios: [
        {
          what: 'large files over two openssl, start-up subtracted',
          unit: 'x',
          values: over(net),
          target: { atLeast: 0.85 },
        },
        { what: 'large files over two openssl, from fork to exit', unit: 'x', values: over(rates.ours) },
      ],
      figures: [...figures, { what: 'start-up: a run on an empty directory', unit: 's', values: startUps }],
      plots: [barsOf('large-files', 'Large files, MiB a second', figures)],
      notes: [`${files} files of ${bytes / MIB} MiB a run.`],
    };
  },
};

/** @returns seconds until both are done */
async function hashByOpenssl(paths: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  const halves = [0, 1].map((half) => paths.filter((_, n) => n % 2 === half));
  await Promise.all(
    halves.map(async (share) => {
      const child = spawn('openssl', ['dgst', '-sha256', ...share], { stdio: 'ignore' });
      const [code] = await once(child, 'close');
      if (code !== 0) throw new Error(`openssl ended with ${code}`);
    }),
  );
  return (performance.now() - startedMs) / 1000;
}
