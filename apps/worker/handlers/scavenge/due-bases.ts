import { ArchiveJobs } from '../../../../shared/archive-sink/jobs.ts';
import type { State } from '../../../../shared/state/open.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';

/** The jobs of bases that nobody claims by himself: those that wait for more, and those that are not there. */
export class DueBases {
  readonly #state: State;
  readonly #jobs: ArchiveJobs;
  #hasDrainedReleases = false;

  constructor(state: State) {
    this.#state = state;
    this.#jobs = new ArchiveJobs(state);
  }

  /**
   * Nothing more is coming. Whatever else a file was wanted for is done as far as it will be, so that releases are tried, once.
   *
   * @returns whether there is something to do now
   */
  drain(nowMs: number): boolean {
    const waits = this.#hasDrainedReleases ? (['deposits'] as const) : (['deposits', 'release'] as const);
    const added = this.addMissing(nowMs);
    if (!waits.some((waitsFor) => this.#jobs.hasWaiting(waitsFor))) return added;
    this.#hasDrainedReleases = true;
    const made = writeTransaction(this.#state, () =>
      waits.map((waitsFor) => this.#jobs.makeReady(waitsFor, nowMs)).reduce((sum, jobs) => sum + jobs, 0),
    );
    return made > 0 || added;
  }

  /** Of each base that has something to be collected, or released, there is a job. @returns whether some had none */
  addMissing(nowMs: number): boolean {
    if (this.#jobs.uncollected().length === 0) return false;
    writeTransaction(this.#state, () => {
      for (const base of this.#jobs.uncollected()) this.#jobs.collect(base, nowMs, nowMs);
    });
    return true;
  }
}
