import { LeaseLostError, WharfingerError } from '../../../../shared/errors.ts';
import { toText } from '../../../../shared/fs/byte-path.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { BaseHealth, troubleOf } from '../archive/base-health.ts';
import { assertHeld, type BaseInHand } from './base-in-hand.ts';
import { type Collected, collect } from './collect.ts';
import { confirm } from './confirm.ts';
import type { ScavengeHandlerOptions } from './handler.ts';
import { type Delay, Patience } from './patience.ts';
import { releaseFiles } from './release.ts';
import { ScavengeStore } from './store.ts';
import type { ScavengeTools } from './tools.ts';

/** When it is looked again whether others are done with files that are to be released. */
const RELEASE_MS = 60_000;

/** Collects the base of a job, and settles what it finds. The steps, and what each crash leaves, stand in docs/archives.md. */
export class Scavenging {
  readonly #options: ScavengeHandlerOptions;
  readonly #tools: ScavengeTools;
  readonly #store: ScavengeStore;
  readonly #health: BaseHealth;
  readonly #patience: Patience;

  constructor(options: ScavengeHandlerOptions, tools: ScavengeTools) {
    this.#options = options;
    this.#tools = tools;
    this.#store = new ScavengeStore(options.state);
    this.#health = new BaseHealth({ ...options, bases: this.#store.bases });
    this.#patience = new Patience(options.clock, options.random);
  }

  async handle(jobs: readonly LeasedJob[]): Promise<void> {
    for (const job of jobs) await this.#scavenge(job);
  }

  async #scavenge(job: LeasedJob): Promise<void> {
    const { stopping, clock, crash, logger, onProgress } = this.#options;
    const store = this.#store;
    const base = store.bases.byPath(toText(job.key));
    if (base === undefined) {
      writeTransaction(store.state, () => store.settlements.complete(job.id, job.lease.token));
      return;
    }
    const signal = AbortSignal.any([stopping, job.lease.lost]);
    const context: BaseInHand = { job, base, store, clock, crash, logger, signal, onProgress };
    const refusal = this.#health.refusalOf(base.path);
    if (refusal !== undefined) {
      this.#wait(context, refusal);
      return;
    }
    const startedMs = clock.nowMs();
    try {
      const collected = await this.#work(context);
      this.#health.works(base.path);
      job.lease.lost.throwIfAborted();
      if (stopping.aborted) this.#release(context);
      else this.#settle(context, startedMs, collected);
    } catch (error) {
      job.lease.lost.throwIfAborted();
      if (stopping.aborted) {
        this.#release(context);
        return;
      }
      if (isChange(error)) {
        this.#settle(context, startedMs, { heldBy: 'somebody else' });
        return;
      }
      const trouble = retryable(base.path, error);
      if (trouble === undefined) throw error;
      this.#wait(context, this.#health.refused(base.path, trouble));
    }
  }

  async #work(context: BaseInHand): Promise<Collected> {
    const { base, store, signal } = context;
    const { identity, random } = this.#options;
    let collected: Collected = {};
    if (store.deposits.oldestStagedMs(base.id) !== undefined) {
      const how = store.collecting.of(base.path);
      const options = { identity, random, tools: this.#tools };
      if (how?.scavenge === true)
        collected = await collect(context, { ...options, volumeBytes: how.volumeBytes });
      if (!signal.aborted) await confirm(context, this.#tools.stagedIn);
    }
    if (!signal.aborted) await releaseFiles(context);
    return collected;
  }

  /** Done, or again when there is something more to be found. */
  #settle(context: BaseInHand, startedMs: number, collected: Collected): void {
    const { base, job, store, clock } = context;
    const nowMs = clock.nowMs();
    writeTransaction(store.state, () => {
      assertHeld(context);
      const oldestMs = store.deposits.oldestStagedMs(base.id);
      if (oldestMs === undefined) {
        this.#patience.done(base.path);
        if (!store.releases.hasAny(base.id)) store.settlements.complete(job.id, job.lease.token);
        else
          store.jobs.wait(
            job.id,
            job.lease.token,
            { runAtMs: nowMs + RELEASE_MS, reason: RELEASE_WAITS, waitsFor: 'release' },
            nowMs,
          );
        return;
      }
      const publishMs = store.collecting.of(base.path)?.publishMs ?? 0;
      if (oldestMs < startedMs) this.#waitForOthers(context, collected, nowMs);
      else
        store.jobs.wait(
          job.id,
          job.lease.token,
          { runAtMs: oldestMs + publishMs, reason: undefined, waitsFor: 'deposits' },
          nowMs,
        );
    });
  }

  /** Inside a transaction. */
  #waitForOthers(
    { base, job, store, logger }: BaseInHand,
    { heldBy, failure }: Collected,
    nowMs: number,
  ): void {
    const delay: Delay = heldBy === undefined ? 'elsewhere' : 'held';
    const { waitMs, isNews } = this.#patience.wait(base.path, delay);
    const reason =
      heldBy === undefined
        ? `what is staged in ${base.path} was not collected yet${failure === undefined ? '' : `: ${failure}`}`
        : `${base.path} is being collected by ${heldBy}`;
    const runAtMs = nowMs + waitMs;
    store.jobs.wait(job.id, job.lease.token, { runAtMs, reason, waitsFor: 'base' }, nowMs);
    const run_at = new Date(runAtMs).toISOString();
    logger[isNews ? 'warn' : 'debug']({ event: 'archive.waiting', base: base.path, run_at, reason }, reason);
  }

  #wait(context: BaseInHand, { reason, runAtMs }: { reason: string; runAtMs: number }): void {
    const { job, store, clock } = context;
    writeTransaction(store.state, () =>
      store.jobs.wait(job.id, job.lease.token, { runAtMs, reason, waitsFor: 'base' }, clock.nowMs()),
    );
  }

  #release({ job, store, clock }: BaseInHand): void {
    writeTransaction(store.state, () => store.settlements.release(job.id, job.lease.token, clock.nowMs()));
  }
}

const RELEASE_WAITS = 'files of it are published, and to be released when nothing else needs them';

/** A volume was replaced between two looks at it. */
const isChange = (error: unknown): boolean =>
  error instanceof WharfingerError && error.code === 'archive.changed';

/** What passes when somebody mends the base, or ends by itself. */
function retryable(base: string, error: unknown): WharfingerError | undefined {
  if (error instanceof LeaseLostError) return undefined;
  if (error instanceof WharfingerError) return error.retryable ? error : undefined;
  return troubleOf(base, error);
}
