import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { makeSmallFiles } from '../files.ts';
import { runOnce, WORKERS } from '../once-run.ts';
import { Floor } from '../peers/floor.ts';
import type { PeakMemory } from '../process-group.ts';
import { placesIn } from '../program.ts';
import { summary } from '../report/bars.ts';
import { sized } from '../sizes.ts';
import { highest } from '../statistics.ts';
import { WorkDirectory } from '../work-directory.ts';

const COUNTS = { quick: [2_000, 6_000, 20_000], usual: [100_000], full: [100_000, 300_000, 1_000_000] };
const MIB = 2 ** 20;

type Run = { count: number; rate: number; floorRate: number; peaks: PeakMemory[] };

/** A million files in one directory: whether time is linear in their number, and memory does not grow with it. */
export const million: BenchCase = {
  name: 'million',
  title: 'A million files in one directory',
  onlyFull: true,
  method:
    `So many files of 2 KiB in one directory, taken by \`wharfinger start --once\` with ${WORKERS} workers from an empty state, start-up included, and by the C floor ` +
    "with two processes. Memory is each process's VmHWM, the kernel's own high-water mark of what was resident.",
  async run({ sizes, directory, repetitions, say }) {
    const counts = sized(sizes, COUNTS);
    const floor = new Floor(directory);
    const runs: Run[] = [];
    // One of each number, in turn: the longest takes minutes to prepare.
    const rounds = Math.min(repetitions, sizes === 'full' ? 3 : repetitions);
    for (let n = 0; n < rounds; n++) {
      for (const count of counts) {
        say(`repetition ${n + 1} of ${rounds}, ${count} files`);
        using work = new WorkDirectory(directory);
        const forFloor = work.make('for-floor');
        makeSmallFiles(forFloor, count);
        const floorRate = count / floor.run(forFloor, join(work.path, 'floor'), 2, count);
        const places = placesIn(join(work.path, 'ours'));
        mkdirSync(places.input, { recursive: true });
        makeSmallFiles(places.input, count);
        const { seconds, peaks } = await runOnce(places, count);
        runs.push({ count, rate: count / seconds, floorRate, peaks });
      }
    }
    const of = (count: number) => runs.filter((run) => run.count === count);
    const most = Math.max(...counts);
    const least = Math.min(...counts);
    const roles = ['supervisor', 'discoverer', 'worker'];
    const name = (count: number) => `${count.toLocaleString('en-US')} files`;
    return {
      ratios: [
        ...counts.map((count) => ({
          what: `${name(count)} over the C floor`,
          unit: 'x',
          values: of(count).map(({ rate, floorRate }) => rate / floorRate),
        })),
        ...(most > least
          ? [
              {
                what: `speed with ${name(most)} over that with ${name(least)}`,
                unit: 'x',
                values: of(most).map(({ rate }, n) => rate / (of(least)[n]?.rate ?? Number.NaN)),
              },
            ]
          : []),
      ],
      figures: counts.flatMap((count) => [
        {
          what: name(count),
          unit: 'files/s',
          values: of(count).map(({ rate }) => rate),
          ...(count === 1_000_000 ? { target: { atLeast: 12_000 } } : {}),
        },
        ...roles.map((role) => ({
          what: `${name(count)}, most memory of a ${role}`,
          unit: 'MiB',
          values: of(count).map(({ peaks }) =>
            highest(peaks.filter((peak) => peak.name === role).map(({ peakBytes }) => peakBytes / MIB)),
          ),
          target: { below: 150, every: true },
        })),
      ]),
      plots: [
        {
          name: 'million',
          title: 'Speed by the number of files in one directory',
          form: 'lines',
          xLabel: 'files',
          yLabel: 'files/s',
          series: [
            {
              name: 'wharfinger',
              points: counts.map((x) => ({ x, ...summary(of(x).map(({ rate }) => rate)) })),
            },
            {
              name: 'C floor',
              points: counts.map((x) => ({ x, ...summary(of(x).map(({ floorRate }) => floorRate)) })),
            },
          ],
        },
      ],
      notes: ['A line that stays level is time in proportion to the number of files.'],
    };
  },
};
