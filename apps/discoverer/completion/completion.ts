import type { BigIntStats } from 'node:fs';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import { SIDECAR_SUFFIX } from '../../../shared/fs/excluded.ts';
import { type Fingerprint, fingerprintOf, unsigned } from '../../../shared/fs/fingerprint.ts';
import { latestCtimeMs } from '../../../shared/fs/latest-ctime.ts';
import { lstatIfThere } from '../../../shared/fs/lstat.ts';
import { openWriterOf } from '../../../shared/fs/writer-of.ts';
import type { SidecarRemovals } from '../../../shared/ledger/sidecar-removals.ts';
import type { Candidate } from '../../../shared/queue/candidates.ts';
import type { Kernel } from '../kernel.ts';
import type { DiscoveredRoute } from '../route.ts';
import { CtimeTrust } from './ctime-trust.ts';
import { type Look, sidecarWriterWait, stabilityWait, type Wait, writerWait } from './rules.ts';
import type { Moment } from './steady-clock.ts';

/**
 * Why a file is looked at: a scan met it, an event named it, an event said that its writer closed it or that it was given its name,
 * or its candidate is due.
 */
export type Occasion = 'met' | 'named' | 'closed' | 'due';

export type LookedAt = {
  path: BytePath;
  stats: BigIntStats;
  fingerprint: Fingerprint;
  occasion: Occasion;
  moment: Moment;
  candidate: Candidate | undefined;
};

/** Complete, with the sidecar that says so where there is one, or not yet. */
export type Judgement =
  | { isComplete: true; sidecarFingerprint?: Fingerprint }
  | ({ isComplete: false } & Wait);

const COMPLETE: Judgement = { isComplete: true };

export const sidecarOf = (path: BytePath): BytePath => `${path}${SIDECAR_SUFFIX}` as BytePath;
export const isSidecar = (path: BytePath): boolean => path.endsWith(SIDECAR_SUFFIX);
/** The file that a sidecar speaks of. */
export const fileOf = (sidecar: BytePath): BytePath => sidecar.slice(0, -SIDECAR_SUFFIX.length) as BytePath;

export type CompletionOptions = {
  kernel: Kernel;
  removals: Pick<SidecarRemovals, 'isPending'>;
  /** The kernel does not say whether this file is open for writing. */
  onNoLeases(route: DiscoveredRoute, path: BytePath): void;
};

/** The rule of each mode: when a file is complete. Reads the file system and changes nothing. */
export class Completion {
  readonly trust: CtimeTrust;
  readonly #kernel: Kernel;
  readonly #removals;
  readonly #onNoLeases;

  constructor({ kernel, removals, onNoLeases }: CompletionOptions) {
    this.#kernel = kernel;
    this.#removals = removals;
    this.#onNoLeases = onNoLeases;
    this.trust = new CtimeTrust(kernel);
  }

  judge(route: DiscoveredRoute, file: LookedAt): Judgement {
    switch (route.settings.mode) {
      case 'stability':
        return this.#stability(route, file);
      case 'sidecar':
        return this.#sidecar(route, file);
      case 'close-write':
        return this.#closeWrite(route, file);
    }
  }

  #stability(route: DiscoveredRoute, file: LookedAt): Judgement {
    const wait = stabilityWait(this.#lookOf(file), route.settings.stabilityMs);
    return wait === undefined ? this.#unlessOpen(route, file) : { isComplete: false, ...wait };
  }

  #sidecar(route: DiscoveredRoute, file: LookedAt): Judgement {
    const path = sidecarOf(file.path);
    const stats = lstatIfThere(path);
    if (stats?.isFile() !== true || this.#isPending(path, stats)) {
      return { isComplete: false, waitsFor: 'sidecar', dueMs: undefined };
    }
    if (this.#writerOf(route, path) === 'yes') return { isComplete: false, ...sidecarWriterWait(file) };
    const judgement = this.#unlessOpen(route, file);
    return judgement.isComplete ? { isComplete: true, sidecarFingerprint: fingerprintOf(stats) } : judgement;
  }

  #isPending(path: BytePath, { dev, ino, ctimeNs }: BigIntStats): boolean {
    return this.#removals.isPending({ path, device: unsigned(dev), inode: unsigned(ino), ctimeNs });
  }

  /** What no event told of is complete once nobody has it open; where the kernel does not say that, once it is stable. */
  #closeWrite(route: DiscoveredRoute, file: LookedAt): Judgement {
    const writer = this.#writerOf(route, file.path);
    if (writer === 'yes') return { isComplete: false, ...writerWait(file) };
    if (writer === 'no' || file.occasion === 'closed') return COMPLETE;
    const wait = stabilityWait(this.#lookOf(file), route.settings.stabilityMs);
    return wait === undefined ? COMPLETE : { isComplete: false, ...wait };
  }

  /** A file that was never a candidate is not asked for here: its worker asks before it reads. */
  #unlessOpen(route: DiscoveredRoute, file: LookedAt): Judgement {
    if (file.candidate === undefined || this.#writerOf(route, file.path) !== 'yes') return COMPLETE;
    return { isComplete: false, ...writerWait(file) };
  }

  #writerOf(route: DiscoveredRoute, path: BytePath): 'yes' | 'no' | 'unknown' {
    const writer = openWriterOf(path, this.#kernel);
    if (writer === 'unknown') this.#onNoLeases(route, path);
    return writer;
  }

  #lookOf({ path, stats, fingerprint, moment, candidate }: LookedAt): Look {
    return {
      fingerprint,
      ctimeMs: latestCtimeMs(stats.ctimeNs),
      trustsCtime: this.trust.of(stats.dev, path),
      moment,
      candidate,
    };
  }
}
