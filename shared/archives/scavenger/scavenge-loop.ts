import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../errors.ts';
import type { ArchiveEvent } from '../contract.ts';
import type { ScavengeOutcome } from './scavenge.ts';

export type LoopOptions = {
  /** Collects once. */
  pass(signal: AbortSignal, onEvent: (event: ArchiveEvent) => void): Promise<ScavengeOutcome>;
  everyMs: number;
  onEvent(event: ArchiveEvent): void;
  onReport(report: ScavengeOutcome): void;
  /** Told why a pass failed; the next one comes all the same. */
  onError(error: unknown): void;
};

/** Collects again and again until it is stopped; never twice at the same time. */
export class ScavengeLoop implements AsyncDisposable {
  readonly #options: LoopOptions;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #running: Promise<unknown> = Promise.resolve();
  /** What was said in the pass before: a volume that stays bad is not said every few seconds. */
  #said = new Set<string>();

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /**
   * Collects now, after the pass that may be under way: what was closed before the call is collected when it resolves, unless somebody
   * else has the lease, as the report says.
   *
   * @throws as `scavenge`; UsageError `archive.closed` where it was stopped
   */
  now(): Promise<ScavengeOutcome> {
    if (this.#stop.signal.aborted) return Promise.reject(stopped());
    const pass = this.#running.then(() => this.#pass());
    this.#running = pass.catch(() => undefined);
    return pass;
  }

  /** Ends the pass that is under way, and resolves when it has ended. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    const { everyMs, onError } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.now();
      } catch (error) {
        onError(error);
      }
      try {
        await sleep(everyMs, undefined, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async #pass(): Promise<ScavengeOutcome> {
    const { pass, onEvent, onReport } = this.#options;
    const said = new Set<string>();
    const report = await pass(this.#stop.signal, (event) => {
      if (!LASTING.has(event.event)) return onEvent(event);
      const key = JSON.stringify(event);
      said.add(key);
      if (!this.#said.has(key)) onEvent(event);
    });
    this.#said = said;
    onReport(report);
    return report;
  }
}

/** What is found again in each pass until somebody mends it. */
const LASTING: ReadonlySet<ArchiveEvent['event']> = new Set([
  'archive.bad_volume',
  'archive.damaged',
  'archive.quarantined',
]);

const stopped = (): UsageError =>
  new UsageError('the scavenger is stopped', {
    code: 'archive.closed',
    hint: 'start another one',
  });
