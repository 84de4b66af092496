import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { makeSmallFiles } from '../files.ts';
import { runOnce, WORKERS } from '../once-run.ts';
import { Floor } from '../peers/floor.ts';
import { placesIn } from '../program.ts';
import { barsOf } from '../report/bars.ts';
import { sized } from '../sizes.ts';
import { netRates } from '../statistics.ts';

const SIZES = { quick: 2_000, usual: 60_000, full: 200_000 };

/** Small files, which cost system calls and fsyncs, against a C program that does nothing but those. */
export const smallFiles: BenchCase = {
  name: 'small-files',
  title: 'Small files',
  method:
    `Files of 2 KiB in one directory, taken by \`wharfinger start --once\` with ${WORKERS} workers from an empty state, and by ` +
    '`bench/floor.c` with two processes: the same system calls in C, without queue, database or recovery. ' +
    'From fork to exit; start-up is that of a run on an empty directory, and is subtracted where that is said.',
  async run({ sizes, directory, repetitions, say }) {
    const count = sized(sizes, SIZES);
    const floor = new Floor(directory);
    const rates = {
      ours: [] as number[],
      logged: [] as number[],
      floor: [] as number[],
    };
    const startUps: number[] = [];
    const took: number[] = [];
    for (let n = 0; n < repetitions; n++) {
      say(`repetition ${n + 1} of ${repetitions}, ${count} files each`);
      const root = join(directory, String(n));
      const measureFloor = (): void => {
        const input = filled(join(root, 'for-floor'), count);
        rates.floor.push(count / floor.run(input, join(root, 'floor'), 2, count));
      };
      // Turn about, so that neither side always comes first.
      if (n % 2 === 0) measureFloor();
      const startUp = (await runOnce(placesIn(join(root, 'empty')), 0)).seconds;
      const places = placesIn(join(root, 'ours'));
      filled(places.input, count);
      const { seconds } = await runOnce(places, count);
      startUps.push(startUp);
      took.push(seconds);
      rates.ours.push(count / seconds);
      const logged = placesIn(join(root, 'logged'));
      filled(logged.input, count);
      rates.logged.push(count / (await runOnce(logged, count, [])).seconds);
      if (n % 2 === 1) measureFloor();
    }
    const net = netRates(count, took, startUps);
    const over = (values: number[]) => values.map((value, n) => value / (rates.floor[n] ?? Number.NaN));
    const figures = [
      { what: 'C floor, 2 processes', unit: 'files/s', values: rates.floor },
      { what: 'wharfinger, start-up subtracted', unit: 'files/s', values: net },
      { what: 'wharfinger, from fork to exit', unit: 'files/s', values: rates.ours },
      { what: 'wharfinger with a log line a file', unit: 'files/s', values: rates.logged },
    ];
    return {
      ratios: [
        {
          what: 'small files over the C floor, start-up subtracted',
          unit: 'x',
          values: over(net),
          target: { atLeast: 0.5 },
        },
        { what: 'small files over the C floor, from fork to exit', unit: 'x', values: over(rates.ours) },
      ],
      figures: [...figures, { what: 'start-up: a run on an empty directory', unit: 's', values: startUps }],
      plots: [barsOf('small-files', 'Files of 2 KiB a second', figures)],
      notes: [`${count} files a run. The log is at \`warn\`, but for the line that says otherwise.`],
    };
  },
};

function filled(directory: string, count: number): string {
  mkdirSync(directory, { recursive: true });
  makeSmallFiles(directory, count);
  return directory;
}
