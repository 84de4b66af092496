import Database from 'better-sqlite3';
import type { OnSettled, QueueOrder } from './queue-order.ts';

/** What is used of plainjob, which is measured where somebody installed it, and is no dependency. */
type Queue = {
  addMany(type: string, data: unknown[]): unknown;
  countJobs(filter: { status: number }): number;
  close(): void;
};
type Plainjob = {
  better(database: Database.Database): unknown;
  defineQueue(options: { connection: unknown; logger: object }): Queue;
  defineWorker(
    type: string,
    work: () => void,
    options: { queue: Queue; logger: object; onCompleted: () => void; pollIntervall: number },
  ): { start(): Promise<void> };
};

const PENDING = 0;
const PROCESSING = 1;
const NAME: string = 'plainjob';
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** undefined where it is not installed. */
export const loadPlainjob = (): Promise<Plainjob | undefined> => import(NAME).catch(() => undefined);

async function openQueue(
  path: string,
): Promise<{ plainjob: Plainjob; queue: Queue; file: Database.Database }> {
  const plainjob = await loadPlainjob();
  if (plainjob === undefined) throw new Error('plainjob is not installed');
  const file = new Database(path);
  const connection = plainjob.better(file);
  return { plainjob, file, queue: plainjob.defineQueue({ connection, logger: silent }) };
}

export async function fillPlainjob(path: string, jobs: number): Promise<void> {
  const { queue } = await openQueue(path);
  queue.addMany(
    'job',
    Array.from({ length: jobs }, (_, n) => ({ id: `job-${n}` })),
  );
  queue.close();
}

export async function leftOfPlainjob(path: string): Promise<number> {
  const { queue } = await openQueue(path);
  const left = queue.countJobs({ status: PENDING }) + queue.countJobs({ status: PROCESSING });
  queue.close();
  return left;
}

/** Its own worker, which takes one job a claim, with the durability it sets itself, WAL and `synchronous=NORMAL`, or with ours. */
export async function drainPlainjob({ path, durable }: QueueOrder, onSettled: OnSettled): Promise<void> {
  const { plainjob, queue, file } = await openQueue(path);
  if (durable) file.pragma('synchronous = FULL');
  const onCompleted = () => onSettled(1);
  await plainjob
    .defineWorker('job', () => {}, { queue, logger: silent, onCompleted, pollIntervall: 20 })
    .start();
}
