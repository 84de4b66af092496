import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { makeSmallFiles } from '../files.ts';
import { runOnce, WORKERS } from '../once-run.ts';
import { placesIn } from '../program.ts';
import { barsOf } from '../report/bars.ts';
import type { Measure } from '../results.ts';
import { sized } from '../sizes.ts';

const COUNTS = { quick: 1_000, usual: 30_000 };

type Paths = { input: string; warehouse: string; root: string };
type Mover = { name: string; program: string; steps(paths: Paths): string[][] };

/** What people use today, as they would use it: each reads and hashes every file, and leaves none in the input. */
const MOVERS: readonly Mover[] = [
  {
    name: 'rclone hashsum, then rclone move',
    program: 'rclone',
    steps: ({ input, warehouse, root }) => [
      ['hashsum', 'SHA256', input, '--output-file', join(root, 'hashes')],
      ['move', input, warehouse],
    ],
  },
  {
    name: 'rsync --checksum --remove-source-files',
    program: 'rsync',
    steps: ({ input, warehouse }) => [
      ['-a', '--checksum', '--remove-source-files', `${input}/`, `${warehouse}/`],
    ],
  },
];

/** Small files, against the programs that people move files with. */
export const movers: BenchCase = {
  name: 'movers',
  title: 'Programs that move files',
  method:
    `Files of 2 KiB in one directory, moved to another of the same file system: by \`wharfinger start --once\` with ${WORKERS} workers, by \`rclone hashsum\` and \`rclone move\`, ` +
    'and by `rsync --checksum --remove-source-files`, each with its defaults, from fork to exit. The others fsync nothing, keep no record, and know no duplicates.',
  async run({ sizes, directory, repetitions, say }) {
    const count = sized(sizes, COUNTS);
    const installed = MOVERS.filter(({ program }) => isInstalled(program));
    const missing = MOVERS.filter(({ program }) => !isInstalled(program));
    const rates = new Map<string, number[]>([
      ['wharfinger', []],
      ...installed.map(({ name }): [string, number[]] => [name, []]),
    ]);
    for (let n = 0; n < repetitions; n++) {
      say(`repetition ${n + 1} of ${repetitions}, ${count} files each`);
      const places = placesIn(join(directory, `ours-${n}`));
      mkdirSync(places.input, { recursive: true });
      makeSmallFiles(places.input, count);
      rates.get('wharfinger')?.push(count / (await runOnce(places, count)).seconds);
      for (const mover of installed) {
        const seconds = secondsOf(mover, join(directory, `${mover.program}-${n}`), count);
        rates.get(mover.name)?.push(count / seconds);
      }
    }
    const ours = rates.get('wharfinger') ?? [];
    const figures: Measure[] = [...rates].map(([what, values]) => ({ what, unit: 'files/s', values }));
    return {
      ratios: installed.map(({ name }) => ({
        what: `wharfinger over ${name}`,
        unit: 'x',
        values: ours.map((rate, n) => rate / (rates.get(name)?.[n] ?? Number.NaN)),
      })),
      figures,
      plots: [barsOf('movers', 'Files of 2 KiB moved a second', figures)],
      notes: [
        `${count} files a run.`,
        ...missing.map(({ program }) => `${program} is not installed, so it was not measured.`),
      ],
    };
  },
};

const isInstalled = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

/** @throws where a step fails: a run that moved only some measures nothing */
function secondsOf({ program, steps }: Mover, root: string, count: number): number {
  const paths = { root, input: join(root, 'input'), warehouse: join(root, 'warehouse') };
  for (const path of [paths.input, paths.warehouse]) mkdirSync(path, { recursive: true });
  makeSmallFiles(paths.input, count);
  const startedMs = performance.now();
  for (const args of steps(paths)) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  }
  return (performance.now() - startedMs) / 1000;
}
