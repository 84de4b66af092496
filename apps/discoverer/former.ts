import { toText } from '../../shared/fs/byte-path.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { FormerJobs } from '../../shared/queue/former-jobs.ts';
import type { State } from '../../shared/state/open.ts';
import type { SteadyClock } from './completion/steady-clock.ts';
import type { DiscoveredRoute } from './route.ts';

export type FormerOptions = { state: State; clock: SteadyClock; logger: Logger };

const DOES = { ingest: 'taken into custody', upload: 'uploaded' } as const;

/** Drops the jobs that a route has from when it did something else with its files, and says so. To be called before and after it is scanned. */
export class Former {
  readonly #options: FormerOptions;
  readonly #jobs: FormerJobs;

  constructor(options: FormerOptions) {
    this.#options = options;
    this.#jobs = new FormerJobs(options.state);
  }

  drop({ id, name, input, job }: Pick<DiscoveredRoute, 'id' | 'name' | 'input' | 'job'>): void {
    const { clock, logger } = this.#options;
    const jobs = this.#jobs.drop({ id, input, taking: job.kind }, clock.read().nowMs);
    if (jobs === 0) return;
    const message = `the files of ${toText(input)} are ${DOES[job.kind]} by now; jobs of before that were dropped, and are made anew: ${jobs}`;
    logger.info({ event: 'route.switched', route: name, jobs }, message);
  }
}
