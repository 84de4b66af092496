import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.ts';
import { lstatIfSeen } from '../../../shared/fs/lstat.ts';
import type { State } from '../../../shared/state/open.ts';
import { type Followed, FollowedCopies } from '../../../shared/uploads/copy-following.ts';
import type { CopyRecords } from '../../../shared/uploads/copy-records.ts';
import type { Output } from '../context.ts';
import { ProgressLine } from '../format/progress.ts';
import { escapeControls, plural } from '../format/text.ts';
import type { CopyReport, Delivered } from './report.ts';

/** A person notices no later; a look costs a pragma where nothing has changed. */
const LOOK_MS = 200;

/** A file that no server of this state file has in hand is looked for in `incoming` this often. */
const LOOK_THERE_MS = 1_000;

/** Nothing has happened for so long: perhaps nobody works. */
const IDLE_MS = 10_000;

export type WaitOptions = {
  state: State;
  records: CopyRecords;
  report: CopyReport;
  stderr: Output;
  clock: Clock;
  signal: AbortSignal;
  /** How to start a server for these files. */
  serveLine: string;
  idleMs?: number;
};

type Waiting = { delivered: Delivered; id: number; seen: Followed['state'] | undefined };

/**
 * Follows files to their end, and says why they wait whenever that is something new.
 *
 * @returns those whose end did not come, because it was told to stop
 */
export async function waitForEnds(
  delivered: readonly Delivered[],
  options: WaitOptions,
): Promise<Delivered[]> {
  const { stderr, clock, signal } = options;
  const line = new ProgressLine(stderr, () => clock.monotonicMs());
  const ends = new Ends(delivered, options, line);
  while (!signal.aborted && ends.look() > 0) {
    line.show('ended', delivered.length - ends.waiting, delivered.length);
    await sleep(LOOK_MS, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
  line.clear();
  return ends.left;
}

class Ends {
  readonly #options: WaitOptions;
  readonly #following: FollowedCopies;
  readonly #line: ProgressLine;
  readonly #idle: Idleness;
  readonly #waiting = new Set<Waiting>();
  #told: ReadonlySet<string> = new Set();
  #version: number | undefined;
  #lookedThereMs = Number.NEGATIVE_INFINITY;

  constructor(delivered: readonly Delivered[], options: WaitOptions, line: ProgressLine) {
    this.#options = options;
    this.#following = new FollowedCopies(options.state);
    this.#line = line;
    this.#idle = new Idleness(options, this.#following);
    for (const one of delivered) {
      const { record } = one.copied;
      if (record === undefined) this.#end(one, 'gone', 'there is no record of it in the state file');
      else this.#waiting.add({ delivered: one, id: record, seen: undefined });
    }
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get left(): Delivered[] {
    return [...this.#waiting].map(({ delivered }) => delivered);
  }

  /** Tells what is new. @returns how many have not ended */
  look(): number {
    const version = this.#following.version();
    const nowMs = this.#options.clock.monotonicMs();
    const lookThere = nowMs - this.#lookedThereMs >= LOOK_THERE_MS;
    if (version === this.#version && !lookThere) return this.#waiting.size;
    this.#version = version;
    if (lookThere) this.#lookedThereMs = nowMs;
    const reasons = new Map<string, number>();
    let delayed = 0;
    for (const one of [...this.#waiting]) {
      const found = this.#lookAt(one, lookThere);
      if (found?.state !== one.seen) this.#idle.progressed();
      if (found === undefined) {
        this.#waiting.delete(one);
        continue;
      }
      one.seen = found.state;
      if (found.isDelayed) delayed += 1;
      if (found.reason !== undefined) reasons.set(found.reason, (reasons.get(found.reason) ?? 0) + 1);
    }
    for (const [reason, files] of reasons)
      if (!this.#told.has(reason))
        this.#say(`${plural(files, 'file waits', 'files wait')}: ${escapeControls(reason)}`);
    this.#told = new Set(reasons.keys());
    const hint = this.#waiting.size > delayed ? this.#idle.hint() : undefined;
    if (hint !== undefined) this.#say(hint);
    return this.#waiting.size;
  }

  /** @returns undefined where its end has come, and was told */
  #lookAt({ delivered, id }: Waiting, lookThere: boolean): Followed | undefined {
    const found = this.#following.read(id);
    if (found === undefined)
      return this.#end(delivered, 'gone', 'its record was removed from the state file');
    if (!found.isOver) {
      // A server of this state file says so before it moves a file: `lost` looks at the record again.
      const isThere = !lookThere || !found.isUntaken || lstatIfSeen(found.path) !== undefined;
      if (isThere || !this.#options.records.lost(id, LOST)) return found;
      return this.#end(delivered, 'gone', LOST);
    }
    const { state, reason } = found;
    return this.#end(delivered, state === 'completed' || state === 'gone' ? state : 'failed', reason);
  }

  #end(delivered: Delivered, is: 'completed' | 'failed' | 'gone', why: string | undefined): undefined {
    this.#line.clear();
    this.#options.report.end(delivered, { is, why });
  }

  #say(message: string): void {
    this.#line.clear();
    this.#options.report.say(message);
  }
}

const LOST = 'it was taken away, or by a server with another state file (--state-path)';

/** Notices that nobody seems to work, and says so once. */
class Idleness {
  readonly #options: WaitOptions;
  readonly #following: FollowedCopies;
  #sinceMs: number;
  #isTold = false;

  constructor(options: WaitOptions, following: FollowedCopies) {
    this.#options = options;
    this.#following = following;
    this.#sinceMs = options.clock.monotonicMs();
  }

  progressed(): void {
    this.#sinceMs = this.#options.clock.monotonicMs();
  }

  hint(): string | undefined {
    const { clock, idleMs = IDLE_MS, serveLine } = this.#options;
    if (this.#isTold || clock.monotonicMs() - this.#sinceMs < idleMs) return undefined;
    if (this.#following.leases(clock.nowMs()) > 0) return undefined;
    this.#isTold = true;
    return `nothing seems to work on these files; is a server running? ${serveLine}`;
  }
}
