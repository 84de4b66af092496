import type { BigIntStats } from 'node:fs';
import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, toText } from '../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../shared/fs/fingerprint.ts';
import { lstatIfThere } from '../../../shared/fs/lstat.ts';
import type { WalkEntry } from '../../../shared/fs/walk.ts';
import { openWriterOf } from '../../../shared/fs/writer-of.ts';
import { KnownContent } from '../../../shared/ledger/known-content.ts';
import { LeftDuplicates } from '../../../shared/ledger/left-duplicates.ts';
import type { PassMemory } from '../../../shared/ledger/pass-memory.ts';
import { Candidates } from '../../../shared/queue/candidates.ts';
import { FileJobs, isSettled } from '../../../shared/queue/file-jobs.ts';
import type { State } from '../../../shared/state/open.ts';
import type { Completion, LookedAt } from '../completion/completion.ts';
import type { SteadyClock } from '../completion/steady-clock.ts';
import type { Kernel } from '../kernel.ts';
import { type CustodyRoute, exclusionIn } from '../route.ts';
import { LACKS } from '../words.ts';
import type { Destinations } from './destinations.ts';
import { hashUntouched } from './hash.ts';
import type { Foreseen } from './line.ts';

export type ForesightOptions = {
  state: State;
  completion: Completion;
  memory: PassMemory;
  destinations: Destinations;
  clock: SteadyClock;
  kernel: Kernel;
};

/** What would happen to one file, judged as discoverer and worker judge it. */
export class Foresight {
  readonly #options: ForesightOptions;
  readonly #jobs: FileJobs;
  readonly #candidates: Candidates;
  readonly #left: LeftDuplicates;
  readonly #known: KnownContent;

  constructor(options: ForesightOptions) {
    this.#options = options;
    this.#jobs = new FileJobs(options.state);
    this.#candidates = new Candidates(options.state);
    this.#left = new LeftDuplicates(options.state);
    this.#known = new KnownContent(options.state);
  }

  /** Undefined for a directory, and for what vanished meanwhile. */
  async of(route: CustodyRoute, { path, kind }: WalkEntry): Promise<Foreseen | undefined> {
    if (kind === 'directory') return undefined;
    const excluded = exclusionIn(route, path);
    if (excluded !== undefined) return { action: 'excluded', path, reason: excluded };
    try {
      const stats = lstatIfThere(path);
      if (stats === undefined) return undefined;
      if (!stats.isFile()) return { action: 'excluded', path, reason: 'it is not a regular file' };
      return await this.#ofFile(route, path, stats);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno === 'ENOENT') return undefined;
      return { action: 'excluded', path, reason: `it would fail: it cannot be read (${errno})` };
    }
  }

  async #ofFile(route: CustodyRoute, path: BytePath, stats: BigIntStats): Promise<Foreseen> {
    const { completion, clock } = this.#options;
    const fingerprint = fingerprintOf(stats);
    if (route.leavesDuplicates && this.#left.has(path, fingerprint)) {
      return { action: 'duplicate', path, reason: 'it was found to be one before, and left in place' };
    }
    const job = this.#jobs.get(route.job, path);
    if (job !== undefined && job.state !== 'failed') {
      return await this.#ofComplete(route, path, fingerprint, 'it is in the queue already');
    }
    const candidate = this.#candidates.get(path);
    const file: LookedAt = { path, stats, fingerprint, occasion: 'met', moment: clock.read(), candidate };
    const judgement = completion.judge(route, file);
    if (!judgement.isComplete) return incomplete(path, judgement.waitsFor);
    const { sidecarFingerprint } = judgement;
    const complete = { fingerprint, ...(sidecarFingerprint === undefined ? {} : { sidecarFingerprint }) };
    if (job !== undefined && isSettled(job, complete)) {
      const reason = 'it has failed: tried again when it changes, or by `wharfinger queue retry`';
      return { action: 'excluded', path, reason };
    }
    return await this.#ofComplete(route, path, fingerprint, WHY_COMPLETE[route.settings.mode]);
  }

  async #ofComplete(
    route: CustodyRoute,
    path: BytePath,
    fingerprint: string,
    why: string,
  ): Promise<Foreseen> {
    const { destinations, memory, kernel } = this.#options;
    // The worker would ask before it reads.
    if (openWriterOf(path, kernel) === 'yes') return incomplete(path, 'writer');
    const sha256 = await hashUntouched(path, fingerprint);
    if (sha256 === 'changed') return incomplete(path, 'stability');
    const ingest = (): Foreseen => {
      return {
        action: 'ingest',
        path,
        reason: why,
        destination: destinations.inWarehouse(route, path, sha256),
      };
    };
    if (route.settings.dedupe === 'none') return ingest();
    const holder = this.#known.holderOf(sha256);
    // What was begun with this very file is finished with it.
    if (holder?.isCommitted === false && holder.source === path) {
      return { action: 'ingest', path, reason: 'its way has begun already', destination: holder.destination };
    }
    const original = holder?.destination ?? memory.meet(sha256, path);
    if (original === undefined) return ingest();
    const reason = `same content as ${toText(original)}`;
    return { action: 'duplicate', path, reason, destination: destinations.ofDuplicate(route, path, sha256) };
  }
}

const incomplete = (path: BytePath, waitsFor: keyof typeof LACKS): Foreseen => ({
  action: 'incomplete',
  path,
  reason: `it waits for ${LACKS[waitsFor]}`,
});

const WHY_COMPLETE = {
  stability: 'it has been left alone for long enough',
  sidecar: 'its sidecar is there',
  'close-write': 'nobody has it open for writing',
} as const;
