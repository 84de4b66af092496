import type { BigIntStats } from 'node:fs';
import { errnoOf } from '../../shared/errors.ts';
import type { BytePath } from '../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../shared/fs/fingerprint.ts';
import { lstatIfThere } from '../../shared/fs/lstat.ts';
import { LeftDuplicates } from '../../shared/ledger/left-duplicates.ts';
import { type Candidate, Candidates, type Sighting } from '../../shared/queue/candidates.ts';
import { type CompleteFile, FileJobs, isSettled, type KnownJob } from '../../shared/queue/file-jobs.ts';
import type { State } from '../../shared/state/open.ts';
import { KeptFiles } from '../../shared/uploads/kept-files.ts';
import type { Completion, Judgement, LookedAt, Occasion } from './completion/completion.ts';
import { isStillWaiting } from './completion/rules.ts';
import type { Moment, SteadyClock } from './completion/steady-clock.ts';
import type { Verdict } from './enqueue/findings.ts';
import { type DiscoveredRoute, exclusionIn } from './route.ts';

/** When a candidate that cannot be looked at is looked at again. */
const UNREADABLE_WAIT_MS = 30_000;

const WAITING: Verdict = { is: 'waiting' };

export type JudgeOptions = { state: State; completion: Completion; clock: SteadyClock };

/** A name, and why it is looked at. */
export type Question = { route: DiscoveredRoute; path: BytePath; occasion: Occasion; moment: Moment };

/**
 * Says of a name what is to be done with it, from what the state file remembers and from one lstat: what is remembered as judged
 * is not judged again. Reads, and changes nothing.
 */
export class Judge {
  readonly #state: State;
  readonly #completion: Completion;
  readonly #clock: SteadyClock;
  readonly #jobs: FileJobs;
  readonly #candidates: Candidates;
  readonly #left: LeftDuplicates;
  readonly #kept: KeptFiles;

  constructor({ state, completion, clock }: JudgeOptions) {
    this.#state = state;
    this.#completion = completion;
    this.#clock = clock;
    this.#jobs = new FileJobs(state);
    this.#candidates = new Candidates(state);
    this.#left = new LeftDuplicates(state);
    this.#kept = new KeptFiles(state);
  }

  /** Judges many names with one look at the clock, and in one read transaction, which halves the time of each read. */
  session<T>(work: (moment: Moment) => T): T {
    return this.#state.transaction(() => work(this.#clock.read())).deferred();
  }

  look(question: Question): Verdict {
    const { route, path, occasion } = question;
    if (exclusionIn(route, path) !== undefined) return this.#notOurs('excluded', question);
    // Only its sidecar can complete it, and that is met by the same scan: see `lookBySidecar`.
    if (occasion === 'met' && route.settings.mode === 'sidecar' && this.#candidates.waitsForSidecar(path))
      return WAITING;
    const job = this.#jobs.get(route.job, path);
    if (job?.state === 'leased') return this.#notOurs('in hand', question);
    if (job !== undefined && job.state !== 'failed') return this.#notOurs('settled', question);
    try {
      const stats = lstatIfThere(path);
      if (stats === undefined) return { is: 'gone', wasCandidate: this.#candidates.get(path) !== undefined };
      if (!stats.isFile()) return this.#notOurs('excluded', question);
      return this.#judge(question, stats, job);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return this.#unreadable(question, error);
    }
  }

  /**
   * Looks at the file whose sidecar a scan met, if it waits for one: then the scan does not look when it meets the file itself. Else it
   * does, and that is enough.
   */
  lookBySidecar(question: Question): Verdict {
    return this.#candidates.waitsForSidecar(question.path) ? this.look(question) : WAITING;
  }

  #judge(question: Question, stats: BigIntStats, job: KnownJob | undefined): Verdict {
    const { route, path, occasion, moment } = question;
    const fingerprint = fingerprintOf(stats);
    if (this.#isDone(route, path, fingerprint)) return this.#notOurs('settled', question);
    const candidate = this.#candidates.get(path);
    const { stabilityMs } = route.settings;
    if (
      occasion === 'met' &&
      candidate &&
      isStillWaiting(candidate, fingerprint, moment.nowMs, stabilityMs)
    ) {
      return WAITING;
    }
    const file: LookedAt = { path, stats, fingerprint, occasion, moment, candidate };
    return this.#conclude(route, file, job, this.#completion.judge(route, file));
  }

  /** A route that now does something else with its files does it with those that were left, too. */
  #isDone(route: DiscoveredRoute, path: BytePath, fingerprint: string): boolean {
    if (route.leavesDuplicates && this.#left.has(path, fingerprint)) return true;
    return route.keepsFiles && this.#kept.has({ path, sinkId: route.job.sinkId, fingerprint });
  }

  #conclude(
    route: DiscoveredRoute,
    { path, stats, fingerprint, occasion, moment, candidate }: LookedAt,
    job: KnownJob | undefined,
    judgement: Judgement,
  ): Verdict {
    const wasCandidate = candidate !== undefined;
    if (judgement.isComplete) {
      const { sidecarFingerprint } = judgement;
      const identity = { ...route.job, path, routeId: route.id, fingerprint, sizeBytes: Number(stats.size) };
      const file: CompleteFile =
        sidecarFingerprint === undefined ? identity : { ...identity, sidecarFingerprint };
      if (job !== undefined && isSettled(job, file)) return { is: 'settled', wasCandidate };
      return { is: 'complete', file, wasCandidate };
    }
    if (job?.fingerprint === fingerprint) return { is: 'settled', wasCandidate };
    const { waitsFor, dueMs } = judgement;
    const sighting = { path, routeId: route.id, fingerprint, waitsFor, nowMs: moment.nowMs, dueMs };
    return occasion !== 'due' && isRemembered(candidate, sighting) ? WAITING : { is: 'incomplete', sighting };
  }

  /** A scan does not ask whether such a name is a candidate: whatever made it one, or `Sweeper`, finds that out. */
  #notOurs(is: 'excluded' | 'settled' | 'in hand', { path, occasion }: Question): Verdict {
    return { is, wasCandidate: occasion !== 'met' && this.#candidates.get(path) !== undefined };
  }

  /** A candidate that is due gets a later moment: it would be due for ever. */
  #unreadable({ path, occasion, moment: { nowMs } }: Question, error: unknown): Verdict {
    const candidate = occasion === 'due' ? this.#candidates.get(path) : undefined;
    if (candidate === undefined) return { is: 'unreadable', error };
    return { is: 'incomplete', sighting: { ...candidate, nowMs, dueMs: nowMs + UNREADABLE_WAIT_MS } };
  }
}

const isRemembered = (
  candidate: Candidate | undefined,
  { fingerprint, waitsFor, dueMs, nowMs }: Sighting,
): boolean =>
  candidate !== undefined &&
  candidate.fingerprint === fingerprint &&
  candidate.waitsFor === waitsFor &&
  candidate.dueMs === dueMs &&
  candidate.observedMs <= nowMs;
