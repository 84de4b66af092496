import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import { syncFileSystemOf } from '../files.ts';
import { writePool } from '../peers/archive-contents.ts';
import type { WriteOrder } from '../peers/archive-order.ts';
import { assertPublished, runScavenge, type ScavengeRun } from '../peers/archive-scavenge.ts';
import { runWriters } from '../peers/archive-writers.ts';
import { summary } from '../report/bars.ts';
import { sized } from '../sizes.ts';
import { WorkDirectory } from '../work-directory.ts';

const MEMBERS = {
  quick: [0, 2_000, 20_000],
  usual: [0, 10_000, 100_000],
  full: [0, 10_000, 100_000, 1_000_000],
};
const FILES = 1_000;
/** The default first. */
const VOLUMES = ['64MiB', '8MiB'];
const SIZE_BYTES = 1024;
const MIB = 2 ** 20;

type Grown = {
  members: number;
  volume: string;
  order: Omit<WriteOrder, 'process'>;
  runs: ScavengeRun[];
  startUps: number[];
};

/** Whether collecting slows down with what the archive holds already. */
export const archivesGrown: BenchCase = {
  name: 'archives-grown',
  title: 'An archive that has grown',
  method:
    `The same ${FILES.toLocaleString('en-US')} new files of 1 KiB, deposited by one process and collected by \`wharfinger archive scavenge\` into an archive that holds so many members already, from fork to exit. Bytes are those that went through read, write and their like, whether a disk was asked or not; ` +
    `start-up is that of a run that finds an empty inbox, with the same bytes subtracted. A volume that is not full yet is written anew, so that what is written goes up and down with how full the last one is, and is never more than one volume and what is new: with volumes of ${VOLUMES.join(' and of ')}.`,
  async run({ sizes, directory, repetitions, say }) {
    const archives: Grown[] = [];
    using work = new WorkDirectory(directory);
    const scratch = work.make('scratch');
    for (const volume of VOLUMES) {
      for (const members of sized(sizes, MEMBERS)) {
        say(`an archive of ${members} members in volumes of ${volume}`);
        const order = orderIn(work.make(`${members}-${volume}`));
        if (members > 0) await runWriters({ ...order, files: members, batch: 'before' });
        await runScavenge(order.directory, scratch, ['--volume-bytes', volume]);
        archives.push({ members, volume, order, runs: [], startUps: [] });
      }
    }
    for (let n = 0; n < repetitions; n++) {
      say(`repetition ${n + 1} of ${repetitions}`);
      for (const { members, volume, order, runs, startUps } of n % 2 === 0
        ? archives
        : archives.toReversed()) {
        syncFileSystemOf(directory);
        const options = ['--volume-bytes', volume];
        const idle = await runScavenge(order.directory, scratch, options);
        await runWriters({ ...order, batch: `repetition-${n}` });
        const run = await runScavenge(order.directory, scratch, options);
        assertPublished(order.directory, members + (n + 1) * FILES);
        startUps.push(idle.seconds);
        runs.push({
          ...run,
          readBytes: run.readBytes - idle.readBytes,
          writtenBytes: run.writtenBytes - idle.writtenBytes,
        });
      }
    }
    return {
      ratios: [],
      figures: archives.flatMap(({ members, volume, runs, startUps }) => {
        const name = `${members.toLocaleString('en-US')} members, volumes of ${volume}`;
        return [
          { what: name, unit: 's', values: runs.map(({ seconds }) => seconds) },
          { what: `${name}, start-up`, unit: 's', values: startUps },
          { what: `${name}, written`, unit: 'MiB', values: mebibytes(runs, 'writtenBytes') },
          { what: `${name}, read`, unit: 'MiB', values: mebibytes(runs, 'readBytes') },
          { what: `${name}, highest resident memory`, unit: 'MiB', values: mebibytes(runs, 'peakBytes') },
        ];
      }),
      plots: [
        {
          name: 'archives-grown',
          title: `Seconds to collect ${FILES} files by the number of members there`,
          form: 'lines',
          xLabel: 'members in the archive',
          yLabel: 's',
          series: VOLUMES.map((volume) => ({
            name: `volumes of ${volume}`,
            points: archives
              .filter((archive) => archive.volume === volume)
              .map(({ members, runs }) => ({
                x: members,
                ...summary(runs.map(({ seconds }) => seconds)),
              })),
          })),
        },
      ],
      notes: [`Each of the ${repetitions} repetitions adds its ${FILES} files to the archive.`],
    };
  },
};

const mebibytes = (
  runs: readonly ScavengeRun[],
  what: 'peakBytes' | 'readBytes' | 'writtenBytes',
): number[] => runs.map((run) => run[what] / MIB);

function orderIn(root: string): Omit<WriteOrder, 'process'> {
  const [directory, pool] = [join(root, 'base'), join(root, 'pool')];
  mkdirSync(directory);
  writePool(pool);
  return {
    ...{ how: 'archives', directory, pool, files: FILES, sizeBytes: SIZE_BYTES, archives: 1, processes: 1 },
    ...{ inFlight: 64, isSynced: true, batch: '' },
  };
}
