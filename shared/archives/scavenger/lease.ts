import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, LeaseLostError } from '../../errors.ts';
import type { ProcessIdentity } from '../../linux/process-identity.ts';
import { fenceLower } from './fence.ts';
import {
  type Holder,
  hasHolder,
  holderText,
  isKnownDead,
  isReleased,
  readHolder,
  touchHolder,
  writeHolder,
  writeReleased,
} from './holder.ts';
import type { ServerClock } from './server-clock.ts';
import { LEASE_MS, makeToken, tokenDirectory, tokensIn } from './tokens.ts';

/** A holder is heard of so often: see `LEASE_MS`. */
const BEAT_MS = 15_000;

/** Somebody else is faster each time: then he has it. */
const ATTEMPTS = 16;

export type LeaseOptions = {
  /** The directory of the leases; must be there. */
  work: string;
  here: ProcessIdentity;
  serverClock: ServerClock;
  /** What others are told of the host; its name where none is given. */
  hostName?: string;
  beatMs?: number;
};

/**
 * Takes the lease of the scavenger where it is free, or its holder dead or silent: see docs/archives.md, The scavenger's lease. Nothing may be
 * read before `fence`.
 *
 * @returns who has it, where it is held
 * @throws as node:fs does
 */
export function acquireLease(options: LeaseOptions): ScavengerLease | { heldBy: string } {
  const { work } = options;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const highest = tokensIn(work).at(-1) ?? 0;
    const heldBy = highest === 0 ? undefined : heldByOf(tokenDirectory(work, highest), options);
    if (heldBy !== undefined) return { heldBy };
    const token = highest + 1;
    if (!makeToken(work, token)) continue;
    // We may have slept since we looked: then the number that we took is one of long ago.
    if (tokensIn(work).at(-1) !== token) {
      giveBack(tokenDirectory(work, token));
      continue;
    }
    return new ScavengerLease(token, options);
  }
  return { heldBy: 'others, who are faster' };
}

/** Removes the directory of a token that was just made, unless somebody has taken it away already. */
function giveBack(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Undefined where the lease can be taken. */
function heldByOf(directory: string, { here, serverClock }: LeaseOptions): string | undefined {
  if (isReleased(directory)) return undefined;
  const found = readHolder(directory);
  if (found === undefined) return undefined;
  if (found.holder !== undefined && isKnownDead(found.holder, here)) return undefined;
  // A time in the future is no sign of life either: the server's clock was set back, and its holder has not been heard of since.
  if (Math.abs(serverClock.nowMs() - found.changedMs) > LEASE_MS) return undefined;
  return found.holder === undefined ? 'a scavenger that has just begun' : holderText(found.holder);
}

/** The right to collect, as long as its directory is there: all that is written before it is published is written into it. */
export class ScavengerLease {
  readonly token: number;
  readonly directory: string;
  readonly #work: string;
  readonly #holder: Holder;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** @throws LeaseLostError where it is another's already */
  constructor(token: number, { work, here, hostName, beatMs = BEAT_MS }: LeaseOptions) {
    this.token = token;
    this.#work = work;
    this.directory = tokenDirectory(work, token);
    const [name = ''] = here.host.split(':');
    this.#holder = { ...here, name: hostName ?? name };
    this.#orLost(() => writeHolder(this.directory, this.#holder));
    this.#timer = setInterval(() => this.beat(), beatMs).unref();
  }

  /** Aborts with a LeaseLostError when the lease is found lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Makes sure that nobody who had the lease before publishes anything any more. Idempotent. */
  async fence(): Promise<void> {
    await fenceLower(this.#work, this.token, this.directory);
    this.check();
  }

  /**
   * Looks whether the lease is still ours. What protects is not this look but that all we write lies in its directory.
   *
   * @throws LeaseLostError; as node:fs does
   */
  check(): void {
    this.#lost.signal.throwIfAborted();
    if (!hasHolder(this.directory) || tokensIn(this.#work).at(-1) !== this.token) throw this.#loseIt();
  }

  /** Says that we live. One that fails for another reason than that the lease is lost is left to the next. */
  beat(): void {
    try {
      this.#orLost(() => touchHolder(this.directory, this.#holder));
      this.check();
    } catch (error) {
      if (errnoOf(error) === undefined && !(error instanceof LeaseLostError)) throw error;
    }
  }

  /**
   * What a failed call in the lease's directory means: that the lease is lost, where that is so.
   *
   * @returns a LeaseLostError, or the error as it was
   */
  explain(error: unknown): unknown {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ESTALE') return error;
    try {
      this.check();
      return error;
    } catch (lost) {
      return lost;
    }
  }

  /** Frees it for others, and removes what is left in its directory. Idempotent, also where it is lost. */
  release(): void {
    clearInterval(this.#timer);
    try {
      for (const name of readdirSync(this.directory)) {
        if (name !== 'holder.json') rmSync(join(this.directory, name), { recursive: true, force: true });
      }
      writeReleased(this.directory);
    } catch {
      // Lost: then it is empty, or somebody empties it. Or the file system refuses, for which rmSync has errors without a code: then the
      // lease runs out. What ended the pass must not be hidden by it.
    }
  }

  #orLost(work: () => void): void {
    try {
      work();
    } catch (error) {
      const errno = errnoOf(error);
      throw errno === 'ENOENT' || errno === 'ESTALE' ? this.#loseIt() : error;
    }
  }

  #loseIt(): LeaseLostError {
    clearInterval(this.#timer);
    const error = new LeaseLostError(this.token);
    this.#lost.abort(error);
    return error;
  }
}
