import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { needsSwift, type Swift, startSwift } from '../../test/support/object-store/swift.ts';
import type { BenchCase } from '../case.ts';
import { makeFiles } from '../files.ts';
import { isInstalled, type Tool, transfersOf, UPLOADERS } from '../peers/uploaders.ts';
import { MemoryWatch } from '../process-group.ts';
import { Program } from '../program.ts';
import { barsOf } from '../report/bars.ts';
import type { Measure } from '../results.ts';
import { type Sizes, sized } from '../sizes.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Small files take one worker no longer than two; large ones are hashed on the way, which is work for both processors. */
type Load = { title: string; files: number; bytes: number; workers: number };

const SMALL = {
  quick: { title: 'small files', files: 200, bytes: 4 * KIB, workers: 1 },
  usual: { title: 'small files', files: 10_000, bytes: 4 * KIB, workers: 1 },
};
const LARGE = {
  quick: { title: 'large files', files: 2, bytes: 64 * MIB, workers: 2 },
  usual: { title: 'large files', files: 8, bytes: 512 * MIB, workers: 2 },
};

/** Uploads to a server on the loopback, against the programs that people upload with. */
export const uploads: BenchCase = {
  name: 'uploads',
  title: 'Object storage',
  method:
    `Files uploaded to OpenStack Swift's S3 interface on the loopback of the same machine, into a bucket of their own each time: by \`wharfinger serve --once\`, by \`rclone copy\` with as ` +
    'many transfers and parts in flight, and by `s3cmd put`, which has one. From fork to exit, each object looked at after it was sent but with s3cmd. Wharfinger also moves each file, fsynced, through its three directories and keeps a record of it.',
  async run({ sizes, directory, repetitions, say }) {
    if (needsSwift.skip !== false) throw new Error(needsSwift.skip);
    const ends: (() => unknown)[] = [];
    const context = { after: (end: () => unknown) => void ends.push(end) };
    // The server asks of a test's context that it ends it, and no more.
    const swift = await startSwift(context as unknown as Parameters<typeof startSwift>[0]);
    try {
      const parts: Part[] = [];
      for (const load of loadsOf(sizes))
        parts.push(await measure(load, swift, { directory, repetitions, say }));
      const tools = UPLOADERS.filter(({ program }) => !isInstalled(program));
      return {
        ratios: parts.flatMap(({ ratios }) => ratios),
        figures: parts.flatMap(({ figures }) => figures),
        plots: parts.map(({ title, bars }) =>
          barsOf(`uploads-${title.replaceAll(' ', '-')}`, `Uploading ${title}, MiB a second`, bars),
        ),
        notes: [
          ...loadsOf(sizes).map(
            ({ title, files, bytes, workers }) =>
              `${title}: ${files} of ${bytes} bytes a run; wharfinger with \`--workers ${workers}\`, rclone with \`--transfers ${transfersOf(workers)}\`.`,
          ),
          ...tools.map(({ program }) => `${program} is not installed, so it was not measured.`),
        ],
      };
    } finally {
      for (const end of ends.reverse()) await end();
    }
  },
};

const loadsOf = (sizes: Sizes): Load[] => [sized(sizes, SMALL), sized(sizes, LARGE)];

type Part = { title: string; ratios: Measure[]; figures: Measure[]; bars: Measure[] };
type Run = { directory: string; repetitions: number; say(text: string): void };

async function measure(load: Load, swift: Swift, run: Run): Promise<Part> {
  const { title, files, bytes } = load;
  const installed = UPLOADERS.filter(({ program }) => isInstalled(program));
  const rates = new Map<string, number[]>(
    ['wharfinger', ...installed.map(({ name }) => name)].map((name) => [name, []]),
  );
  const peaks: number[] = [];
  const mebibytes = (files * bytes) / MIB;
  for (let n = 0; n < run.repetitions; n++) {
    run.say(`repetition ${n + 1} of ${run.repetitions}, ${files} files of ${bytes} bytes each`);
    const root = join(run.directory, `${title.replaceAll(' ', '-')}-${n}`);
    const ours = async () => {
      const { seconds, peakMiB } = await uploadByServe(swift, join(root, 'ours'), load);
      rates.get('wharfinger')?.push(mebibytes / seconds);
      peaks.push(peakMiB);
    };
    const steps = [
      ours,
      ...installed.map((tool) => async () => {
        rates.get(tool.name)?.push(mebibytes / (await uploadBy(tool, swift, join(root, tool.program), load)));
      }),
    ];
    // Who comes first finds the machine as the one before left it: turn and turn about.
    for (const step of n % 2 === 0 ? steps : steps.toReversed()) await step();
    rmSync(root, { recursive: true, force: true });
  }
  const own = rates.get('wharfinger') ?? [];
  const others = installed.map(({ name }) => rates.get(name) ?? []);
  const fastest = own.map((_, n) => Math.max(...others.map((values) => values[n] ?? 0)));
  const bars = [...rates].map(
    ([what, values]): Measure => ({ what: `${title}: ${what}`, unit: 'MiB/s', values }),
  );
  return {
    title,
    ratios:
      others.length === 0
        ? []
        : [
            {
              what: `uploading ${title} over the faster of ${installed.map(({ program }) => program).join(' and ')}`,
              unit: 'x',
              values: own.map((rate, n) => rate / (fastest[n] ?? Number.NaN)),
              target: { atLeast: 1 },
            },
          ],
    figures: [
      ...bars,
      { what: `${title}: wharfinger`, unit: 'files/s', values: own.map((rate) => (rate * MIB) / bytes) },
      { what: `${title}: highest resident memory of a process`, unit: 'MiB', values: peaks },
    ],
    bars,
  };
}

async function uploadByServe(
  swift: Swift,
  root: string,
  { files, bytes, workers }: Load,
): Promise<{ seconds: number; peakMiB: number }> {
  const bucket = await swift.makeBucket();
  const incoming = join(root, 'server', 'incoming', 'lab', bucket);
  mkdirSync(incoming, { recursive: true });
  makeFiles(incoming, files, bytes);
  const startedMs = performance.now();
  await using program = new Program([
    ...[
      'serve',
      '--once',
      '--server-directory',
      join(root, 'server'),
      '--credentials',
      swift.credentialsFile,
    ],
    ...[
      '--state-path',
      join(root, 'state.db'),
      '--workers',
      String(workers),
      '--log-format',
      'json',
      '--log-level',
      'warn',
    ],
  ]);
  using memory = new MemoryWatch(program.group);
  await program.finished();
  const seconds = (performance.now() - startedMs) / 1000;
  await assertArrived(swift, bucket, files, bytes);
  const peakMiB = Math.max(...memory.peaks().map(({ peakBytes }) => peakBytes)) / MIB;
  await empty(swift, bucket);
  return { seconds, peakMiB };
}

async function uploadBy(
  tool: Tool,
  swift: Swift,
  root: string,
  { files, bytes, workers }: Load,
): Promise<number> {
  const bucket = await swift.makeBucket();
  mkdirSync(root, { recursive: true });
  makeFiles(root, files, bytes);
  const seconds = await tool.upload({ swift, bucket, directory: root, transfers: transfersOf(workers) });
  await assertArrived(swift, bucket, files, bytes);
  await empty(swift, bucket);
  return seconds;
}

/** @throws where it did not: a run that uploaded only some measures nothing */
async function assertArrived(swift: Swift, bucket: string, files: number, bytes: number): Promise<void> {
  const objects = await swift.objects(bucket);
  const whole = objects.filter(({ sizeBytes }) => sizeBytes === bytes);
  if (whole.length !== files) throw new Error(`${whole.length} of ${files} files are in the bucket`);
}

/** The disk of the machine is not without end. */
async function empty(swift: Swift, bucket: string): Promise<void> {
  const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
  const objects = (await swift.objects(bucket)).filter(({ sizeBytes }) => sizeBytes > MIB);
  for (const { key } of objects)
    await swift.client().send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}
