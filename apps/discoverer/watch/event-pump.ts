import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.ts';
import { type BytePath, join } from '../../../shared/fs/byte-path.ts';
import { IN, type InotifyEvent } from '../../../shared/linux/inotify.ts';
import type { Logger } from '../../../shared/log/logger.ts';
import { fileOf, isSidecar, type Occasion } from '../completion/completion.ts';
import { Findings } from '../enqueue/findings.ts';
import type { Writer } from '../enqueue/writer.ts';
import type { Judge } from '../judge.ts';
import type { DiscoveredRoute } from '../route.ts';
import { Bell } from './bell.ts';
import { PendingNames } from './pending-names.ts';
import type { Place, Watches } from './watches.ts';

/** Who owns a watched directory, and is told what became of it. */
export type WatchOwner = {
  readonly route: DiscoveredRoute;
  /** A directory appeared. */
  enter(directory: BytePath): void;
  /** Something was missed, or the input itself is not what it was. @returns false where a scan was asked for already */
  rescan(): boolean;
};

/** Files that arrive together are written together; less than anybody notices. */
const GATHER_MS = 2;

/** More names than this are left to a scan: memory must not grow while the queue is full. */
const MOST_PENDING = 20_000;

/** When a name is looked at again whose job a worker has in hand. */
const IN_HAND_MS = 1000;

/** Names judged and written between two turns of the event loop. */
const SLICE = 1000;

/** Also looked for without being called, in case a call was lost. */
const LOOK_ANYWAY_MS = 1000;

export type EventPumpOptions = {
  watches: Watches<WatchOwner>;
  judge: Judge;
  writer: Writer;
  /** Those that have watches. */
  owners: () => Iterable<WatchOwner>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
};

/** Takes the kernel's events as they come, and judges the names in them. */
export class EventPump {
  readonly #options: EventPumpOptions;
  readonly #bell = new Bell();
  readonly #pending = new PendingNames<WatchOwner>(MOST_PENDING);
  /** Of a call that came from outside of `run`. */
  #failure: { error: unknown } | undefined;

  constructor(options: EventPumpOptions) {
    this.#options = options;
  }

  /** To be called when there may be events. Takes them all at once, since the kernel's queue is short. Never throws. */
  readonly collect = (): void => {
    try {
      for (const event of this.#options.watches.read()) this.#take(event);
    } catch (error) {
      this.#failure ??= { error };
    }
    if (this.#pending.size > 0 || this.#failure !== undefined) this.#bell.ring();
  };

  /** Judges what is collected, until it is stopped. What a failure made it forget is left to a scan. */
  async run(): Promise<void> {
    const { clock, signal, owners } = this.#options;
    try {
      while (!signal.aborted) {
        await this.#bell.wait(LOOK_ANYWAY_MS, signal);
        this.collect();
        this.#pending.resume(clock.monotonicMs());
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#pending.size === 0) continue;
        await delay(GATHER_MS, undefined, { signal });
        while (this.#pending.size > 0) await this.#judgeSlice();
      }
    } catch (error) {
      this.#failure = undefined;
      for (const owner of owners()) owner.rescan();
      throw error;
    }
  }

  async #judgeSlice(): Promise<void> {
    const { judge, writer, clock } = this.#options;
    const findings = new Findings();
    judge.session((moment) => {
      for (const [path, named] of this.#pending.take(SLICE)) {
        const { owner, occasion } = named;
        const verdict = judge.look({ route: owner.route, path, occasion, moment });
        findings.add(path, verdict);
        // Its worker may have moved the file that it is about: this one is new then, and no other event will tell of it.
        if (verdict.is === 'in hand') this.#pending.postpone(path, named, clock.monotonicMs() + IN_HAND_MS);
      }
    });
    await writer.write(findings);
  }

  #take(event: InotifyEvent): void {
    const { watches } = this.#options;
    const { wd, mask } = event;
    const place = watches.placeOf(wd);
    if (mask & IN.IGNORED) watches.ended(wd);
    if (mask & IN.Q_OVERFLOW) this.#overflow('the kernel dropped events');
    else if (place !== undefined) this.#takeOf(place, event);
  }

  #takeOf({ owner, directory }: Place<WatchOwner>, { wd, mask, name }: InotifyEvent): void {
    const isInput = directory === owner.route.input;
    if (mask & (IN.IGNORED | IN.UNMOUNT | IN.DELETE_SELF)) {
      if (isInput || mask & IN.UNMOUNT) owner.rescan();
    } else if (mask & IN.MOVE_SELF) {
      if (!this.#options.watches.verify(wd) && isInput) owner.rescan();
    } else if (name !== '' && mask & IN.ISDIR) {
      const { settings, everyName } = owner.route;
      if (settings.recursive && (everyName || !name.startsWith('.'))) owner.enter(join(directory, name));
    } else if (name !== '') {
      this.#remember(
        owner,
        join(directory, name),
        mask & (IN.CLOSE_WRITE | IN.MOVED_TO) ? 'closed' : 'named',
      );
    }
  }

  /** A sidecar stands for its file. */
  #remember(owner: WatchOwner, named: BytePath, how: Occasion): void {
    const bySidecar = owner.route.settings.mode === 'sidecar' && isSidecar(named);
    const path = bySidecar ? fileOf(named) : named;
    const hasRoom = this.#pending.add(path, { owner, occasion: bySidecar ? 'named' : how });
    if (!hasRoom) this.#overflow('more events than can be remembered');
  }

  #overflow(reason: string): void {
    this.#pending.clear();
    const { logger, owners } = this.#options;
    for (const owner of owners()) {
      if (!owner.rescan()) continue;
      logger.warn({ event: 'watch.overflow', route: owner.route.name, reason }, `${reason}; a scan follows`);
    }
  }
}
