import BetterQueue from 'better-queue';
import type { Lane } from '../../shared/queue/job.ts';
import {
  type LeasedJob,
  LeaseStore,
  type LeaseStoreOptions,
  leaseTasks,
} from '../../shared/queue/lease-store.ts';
import type { Company } from './company.ts';
import type { Handler, LaneSize } from './handler.ts';

export type LaneRunnerOptions = Omit<
  LeaseStoreOptions<readonly LeasedJob[]>,
  'kind' | 'lane' | 'tasks' | 'jobsPerLock' | 'length' | 'mayTake'
> & {
  handler: Handler;
  lane: Lane;
  company: Company;
  /** Something left this worker's hands: other lanes may take now. */
  onFree(): void;
  /** Handles the jobs of one lease and ends it; never rejects. */
  execute(handler: Handler, jobs: readonly LeasedJob[]): Promise<void>;
};

const ONE: LaneSize = { batchSize: 1, concurrent: 1 };

/** One lane of one kind of job: better-queue takes from the durable queue and keeps `concurrent` claims in hand. */
export class LaneRunner {
  readonly #queue: BetterQueue<readonly LeasedJob[]>;
  readonly #inHand = new Set<Promise<void>>();
  #isStopped = false;

  constructor({ handler, lane, execute, company, onFree, ...store }: LaneRunnerOptions) {
    const { batchSize, concurrent } = lane === 'suspect' ? ONE : handler.lanes[lane];
    const work = (jobs: readonly LeasedJob[], done: () => void): void => {
      company.take(lane);
      const running = execute(handler, jobs).then(() => {
        this.#inHand.delete(running);
        company.giveBack(lane);
        done();
        onFree();
      });
      this.#inHand.add(running);
      // By itself better-queue stops taking one claim short of `concurrent`.
      if (this.#inHand.size < concurrent) this.wake();
    };
    this.#queue = new BetterQueue<readonly LeasedJob[]>(work, {
      store: new LeaseStore({
        ...store,
        kind: handler.kind,
        lane,
        tasks: leaseTasks,
        jobsPerLock: batchSize,
        length: 'unknown',
        mayTake: () => company.mayTake(handler.kind, lane) && handler.mayTake?.() !== false,
      }),
      batchSize: 1,
      concurrent,
    });
  }

  /** There may be something to do. After `stop` there is nothing: to resume would undo the pause. */
  wake(): void {
    if (!this.#isStopped) this.#queue.resume();
  }

  get isIdle(): boolean {
    return this.#inHand.size === 0;
  }

  /** Claims nothing more, and resolves when what is in hand is settled or given back. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#queue.pause();
    await Promise.all(this.#inHand);
  }
}
