import { type BytePath, toText } from '../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../shared/log/logger.ts';
import { Candidates } from '../../../shared/queue/candidates.ts';
import { FileJobs } from '../../../shared/queue/file-jobs.ts';
import type { State } from '../../../shared/state/open.ts';
import { writeTransaction } from '../../../shared/state/transaction.ts';
import { Findings } from '../enqueue/findings.ts';
import type { Writer } from '../enqueue/writer.ts';
import type { Former } from '../former.ts';
import type { Judge } from '../judge.ts';
import type { DiscoveredRoute } from '../route.ts';
import { isGone } from './is-gone.ts';
import { KeptSweeper, type KeptSweeperOptions } from './kept-sweeper.ts';
import type { ScanCounts } from './scan-counts.ts';

/** Rows looked at between two turns of the event loop. */
const PAGE = 1000;

export type SweeperOptions = KeptSweeperOptions & {
  state: State;
  judge: Judge;
  writer: Writer;
  former: Former;
  logger: Logger;
  signal: AbortSignal;
};

/** Finds out what a scan cannot meet: that a file which the state file still speaks of is gone, or that what it says of it is of former times. */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #jobs: FileJobs;
  readonly #candidates: Candidates;
  readonly #kept: KeptSweeper;
  /** Routes that were swept since the start. */
  readonly #swept = new Set<number>();

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#jobs = new FileJobs(options.state);
    this.#candidates = new Candidates(options.state);
    this.#kept = new KeptSweeper(options);
  }

  /** To be called after a whole scan of a route whose input is there. */
  async sweep(route: DiscoveredRoute, met: ScanCounts): Promise<void> {
    // What a worker had in hand when the route was switched.
    this.#options.former.drop(route);
    await this.#sweepFailed(route);
    await this.#kept.sweep(route);
    if (this.#mayHaveVanished(route, met)) await this.#sweepCandidates(route);
    this.#swept.add(route.id);
  }

  /** Those that are due one day are looked at then. The others wait for a sidecar: also those of a mode that the route had once. */
  #mayHaveVanished(route: DiscoveredRoute, met: ScanCounts): boolean {
    if (route.settings.mode === 'sidecar') return this.#candidates.count(route.id) > met.candidates;
    return !this.#swept.has(route.id);
  }

  async #sweepFailed(route: DiscoveredRoute): Promise<void> {
    let after = 0;
    for (;;) {
      const jobs = this.#jobs.failed(route.id, after, PAGE);
      const gone = jobs.filter(({ path }) => isGone(path));
      if (gone.length > 0) this.#forgetFailed(gone);
      const last = jobs.at(-1);
      if (last === undefined) return;
      after = last.id;
      await this.#turn();
    }
  }

  #forgetFailed(gone: readonly { id: number; path: BytePath }[]): void {
    const { state, logger } = this.#options;
    const forgotten = writeTransaction(state, () => gone.filter(({ id }) => this.#jobs.removeFailed(id)));
    for (const { path } of forgotten) {
      logger.info(
        { event: 'file.vanished', source: toText(path) },
        `${toText(path)} had failed and is gone now`,
      );
    }
  }

  async #sweepCandidates(route: DiscoveredRoute): Promise<void> {
    const { judge, writer } = this.#options;
    let after: BytePath | undefined;
    for (;;) {
      const page = this.#candidates.withoutDue(route.id, after, PAGE);
      const findings = new Findings();
      judge.session((moment) => {
        for (const { path } of page) {
          findings.add(path, judge.look({ route, path, occasion: 'named', moment }));
        }
      });
      await writer.write(findings);
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.path;
      await this.#turn();
    }
  }

  async #turn(): Promise<void> {
    await new Promise(setImmediate);
    this.#options.signal.throwIfAborted();
  }
}
