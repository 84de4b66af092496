import { join } from 'node:path';
import type { BenchCase } from '../case.ts';
import type { QueueName } from '../peers/queue-order.ts';
import { loadPlainjob } from '../peers/queue-plainjob.ts';
import { type QueueRun, runQueue } from '../peers/queue-run.ts';
import { summary } from '../report/bars.ts';
import type { Measure } from '../results.ts';
import { sized } from '../sizes.ts';
import { highest } from '../statistics.ts';

const PROCESSES = { quick: [1, 2], usual: [1, 2, 4], full: [1, 2, 4, 8] };
const JOBS = {
  quick: { batched: 20_000, single: 300 },
  usual: { batched: 400_000, single: 2_000 },
};

/** `batch`: jobs to a claim. */
type Contender = { name: string; queue: QueueName; batch: number; durable: boolean };

const OURS: Contender = { name: 'ours, 512 a claim', queue: 'ours', batch: 512, durable: true };
const OURS_SINGLE: Contender = { name: 'ours, 1 a claim', queue: 'ours', batch: 1, durable: true };
const PEERS: Contender[] = [
  { name: 'better-queue-sqlite, 512 a claim', queue: 'better-queue-sqlite', batch: 512, durable: false },
  { name: 'better-queue-sqlite, 1 a claim', queue: 'better-queue-sqlite', batch: 1, durable: false },
];
/** Like against like: the peer as durable as ours. */
const DURABLE_PEERS: Contender[] = PEERS.map((peer) => ({
  ...peer,
  name: `${peer.name}, made durable`,
  durable: true,
}));
const PLAINJOB: Contender = { name: 'plainjob, 1 a claim', queue: 'plainjob', batch: 1, durable: false };
const DURABLE_PLAINJOB: Contender = { ...PLAINJOB, name: 'plainjob, 1 a claim, made durable', durable: true };

/** The queue alone: jobs that need no work, claimed and settled. */
export const queue: BenchCase = {
  name: 'queue',
  title: 'The queue alone',
  method:
    'Jobs without work in one SQLite file, claimed and settled by forked processes, from the start signal, when all have loaded, to the last job settled. ' +
    'Ours runs as in a worker: better-queue on `LeaseStore`, every settlement on disk (`synchronous=FULL`) with the claim that led to it. The others run as they are published: ' +
    'better-queue-sqlite with `synchronous=OFF`, plainjob with `synchronous=NORMAL` and one job a claim, the only way it has; ' +
    'and made durable, with WAL and `synchronous=FULL`, as ours is.',
  async run({ sizes, directory, repetitions, say }) {
    const hasPlainjob = (await loadPlainjob()) !== undefined;
    const durable = [...DURABLE_PEERS, ...(hasPlainjob ? [DURABLE_PLAINJOB] : [])];
    const contenders = [OURS, OURS_SINGLE, ...PEERS, ...(hasPlainjob ? [PLAINJOB] : []), ...durable];
    const processes = sized(sizes, PROCESSES);
    const jobs = sized(sizes, JOBS);
    const runs = new Map<string, QueueRun[]>();
    const runsOf = ({ name }: Contender, count: number) => runs.get(`${name} ${count}`) ?? [];
    for (let n = 0; n < repetitions; n++) {
      for (const count of processes) {
        say(`repetition ${n + 1} of ${repetitions}, ${count} processes`);
        for (const contender of contenders) {
          const { name, ...order } = contender;
          const path = join(directory, `${n}-${count}-${contenders.indexOf(contender)}.db`);
          const run = await runQueue({ ...order, path }, order.batch > 1 ? jobs.batched : jobs.single, count);
          runs.set(`${name} ${count}`, [...(runs.get(`${name} ${count}`) ?? []), run]);
        }
      }
    }
    const ratesOf = (contender: Contender, count: number) =>
      runsOf(contender, count).map(({ jobsPerSecond }) => jobsPerSecond);
    const over = (count: number, ours: Contender, peers: Contender[]): number[] =>
      ratesOf(ours, count).map(
        (rate, n) => rate / highest(peers.map((peer) => ratesOf(peer, count)[n] ?? 0)),
      );
    const ratio = (what: string, values: number[]): Measure => ({
      what,
      unit: 'x',
      values,
      target: { atLeast: 1 },
    });
    return {
      ratios: processes.flatMap((count) => [
        ratio(`queue over the fastest peer, all durable, ${of(count)}`, over(count, OURS, durable)),
        ...(hasPlainjob
          ? [ratio(`queue over plainjob, both durable, ${of(count)}`, over(count, OURS, [DURABLE_PLAINJOB]))]
          : []),
        {
          what: `queue over the fastest peer, all durable, 1 a claim, ${of(count)}`,
          unit: 'x',
          values: over(
            count,
            OURS_SINGLE,
            durable.filter(({ batch }) => batch === 1),
          ),
        },
      ]),
      figures: contenders.flatMap((contender) =>
        processes.map((count) => ({
          what: `${contender.name}, ${of(count)}`,
          unit: 'jobs/s',
          values: ratesOf(contender, count),
        })),
      ),
      plots: [
        {
          name: 'queue',
          title: 'Jobs claimed and settled a second',
          form: 'lines',
          logY: true,
          xLabel: 'processes',
          yLabel: 'jobs/s',
          series: contenders.map((contender) => ({
            name: contender.name,
            points: processes.map((x) => ({ x, ...summary(ratesOf(contender, x)) })),
          })),
        },
      ],
      notes: [
        `${jobs.batched} jobs a run where a claim takes 512, ${jobs.single} where it takes one.`,
        ...(hasPlainjob
          ? []
          : ['plainjob is not installed (`npm install --no-save plainjob`), so it was not measured.']),
        ...contenders.flatMap((contender) =>
          processes.flatMap((count) => faults(contender, count, runsOf(contender, count))),
        ),
      ],
    };
  },
};

const of = (count: number): string => (count === 1 ? '1 process' : `${count} processes`);

/** A queue that loses or doubles jobs is fast in another discipline: it is said beside its figure. */
function faults({ name }: Contender, count: number, runs: readonly QueueRun[]): string[] {
  const left = runs.map((run) => run.left);
  const again = runs.map((run) => run.again);
  return [
    ...(highest(left) > 0
      ? [
          `${name}, ${of(count)}: stopped working with ${left.join(', ')} jobs left (the repetitions); its rate is of those it did.`,
        ]
      : []),
    ...(highest(again) > 0
      ? [`${name}, ${of(count)}: worked on ${again.join(', ')} jobs a second time.`]
      : []),
  ];
}
