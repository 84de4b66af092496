import type { Clock } from '../../shared/clock.ts';
import type { Settings } from '../../shared/config/settings.ts';
import type { FromChild, Progress, Role, ScanReport } from '../../shared/ipc/messages.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { type Discovery, discoveriesOf } from './discoveries.ts';
import type { Entries } from './entries.ts';
import { FatalDeaths, hasReason } from './fatal-deaths.ts';
import { OncePass } from './once-pass.ts';
import type { BackoffTimes } from './restart-backoff.ts';
import { type Death, describeDeath, SupervisedChild } from './supervised-child.ts';
import { WakeRelay } from './wake-relay.ts';

export type CrewOptions = {
  settings: Settings;
  entries: Entries;
  colour: boolean;
  /** Takes the children's stderr; undefined: they have ours. */
  childStderr: ((lines: string) => void) | undefined;
  backoff: BackoffTimes;
  clock: Clock;
  logger: Logger;
  onProgress(progress: Progress): void;
  /** The one pass of `once` is over, of every discoverer. */
  onScanned(): void;
};

/**
 * The children: one discoverer, or one for each route, and the workers, kept alive until they are stopped. With `once` each discoverer
 * makes one pass and ends, then the workers finish what is there and end; where there is none they begin with that.
 */
export class Crew {
  readonly #options: CrewOptions;
  readonly #discoverers: SupervisedChild[];
  readonly #workers: SupervisedChild[];
  readonly #fatalDeaths: FatalDeaths;
  readonly #wakes = new WakeRelay(() => this.#wakeWorkers());
  readonly #pass: OncePass;
  readonly #passDone = Promise.withResolvers<ScanReport>();
  readonly #cannotGoOn = Promise.withResolvers<Error>();
  #workerRestarts = 0;
  #stopped: Promise<void> | undefined;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#fatalDeaths = new FatalDeaths(options.settings.once);
    const { settings } = options;
    this.#discoverers = discoveriesOf(settings).map((discovery) => this.#child('discoverer', discovery));
    this.#pass = new OncePass(this.#discoverers.length);
    this.#workers = Array.from({ length: settings.workers }, (_, index) =>
      this.#child('worker', { name: `worker-${index + 1}`, settings }),
    );
  }

  /** Resolves with the reason when starting children again is of no use. */
  get cannotGoOn(): Promise<Error> {
    return this.#cannotGoOn.promise;
  }

  /** Resolves when the one pass is over and nothing is left to do. Never without `once`. */
  get passDone(): Promise<ScanReport> {
    return this.#passDone.promise;
  }

  /** Whether a discoverer is still making its pass. */
  get isScanning(): boolean {
    return !this.#pass.isOver;
  }

  /** Whether files are both found and taken now. */
  get isReady(): boolean {
    const isWorking = (child: SupervisedChild) => child.isWorking;
    return this.#discoverers.every(isWorking) && this.#workers.some(isWorking);
  }

  get workerRestarts(): number {
    return this.#workerRestarts;
  }

  get processes(): { name: string; pid: number }[] {
    return this.#all.flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]));
  }

  start(): void {
    for (const child of this.#all) child.start();
    if (this.#options.settings.once && this.#discoverers.length === 0) void this.#finish(NOTHING_SCANNED);
  }

  /** Asks all to stop, kills after `stopMs` who has not, and resolves when all are gone. May be called again: it is the same stop. */
  stop(stopMs: number): Promise<void> {
    this.#stopped ??= this.#stop(stopMs);
    return this.#stopped;
  }

  /** Ends all at once; `stop` resolves soon after. */
  kill(): void {
    this.#wakes.stop();
    for (const child of this.#all) child.kill();
  }

  async #stop(stopMs: number): Promise<void> {
    this.#wakes.stop();
    for (const child of this.#all) child.stop();
    const deadline = setTimeout(() => {
      for (const { name, pid } of this.processes) {
        const message = `${name} did not stop in time and was killed; what it had in hand is taken by the next run`;
        this.#options.logger.warn({ event: 'child.killed', name, child_pid: pid }, message);
      }
      this.kill();
    }, stopMs);
    await this.#allEnded();
    clearTimeout(deadline);
  }

  async #allEnded(): Promise<void> {
    await Promise.all(this.#all.map((child) => child.ended));
  }

  get #all(): SupervisedChild[] {
    return [...this.#discoverers, ...this.#workers];
  }

  #child(role: Role, { name, settings }: Discovery): SupervisedChild {
    const { entries, colour, childStderr, backoff, clock, logger } = this.#options;
    return new SupervisedChild({
      role,
      name,
      entry: entries[role],
      settings,
      colour,
      stderr: childStderr,
      backoff,
      clock,
      events: {
        onMessage: (child, message) => this.#onMessage(child, message),
        onRefused: (child, reason) => logger.error({ event: 'ipc.refused', name: child.name, reason }),
        onDied: (child, death) => this.#onDied(child, death),
        onEnded: (child, pid) => logger.debug({ event: 'child.stopped', name: child.name, child_pid: pid }),
      },
    });
  }

  #onMessage(child: SupervisedChild, message: FromChild): void {
    if (message.type === 'started') {
      this.#fatalDeaths.begin(child);
      this.#options.logger.debug({ event: 'child.started', name: child.name, child_pid: child.pid });
    } else if (message.type === 'wake') this.#wakes.wake();
    else if (message.type === 'progress') this.#options.onProgress(message);
    else if (message.type === 'scanned') {
      // Its pass is whole: however the process ends now, there is nothing to start it again for.
      child.stop();
      const report = this.#pass.add(child.name, message.report);
      if (report !== undefined) void this.#finish(report);
    }
  }

  /** The pass is over: lets the workers finish what is there. */
  async #finish(report: ScanReport): Promise<void> {
    this.#options.onScanned();
    for (const worker of this.#workers) worker.drain();
    await this.#allEnded();
    this.#passDone.resolve(report);
  }

  #onDied(child: SupervisedChild, death: Death): void {
    if (child.role === 'worker') this.#workerRestarts += 1;
    // A reason at the start is, if it is final, the last line of the program; it need not be said by every worker before.
    const level = hasReason(death) && !this.#fatalDeaths.hasBegun(child) ? 'debug' : 'error';
    this.#options.logger[level](
      {
        event: `${child.role}.died`,
        name: child.name,
        child_pid: death.pid,
        code: death.code,
        signal: death.signal,
        reason: death.failure?.message,
        restart_in_ms: death.restartInMs,
      },
      `${child.name} ${describeDeath(death)}; it is started again in ${death.restartInMs / 1000} s`,
    );
    // Workers stand in for one another; what a discoverer watches is watched by no other.
    const error = this.#fatalDeaths.judge(child, death, child.role === 'worker' ? this.#workers : [child]);
    if (error !== undefined) this.#cannotGoOn.resolve(error);
    // A dead worker's lease ends at once for whoever looks.
    this.#wakeWorkers();
  }

  #wakeWorkers(): void {
    for (const worker of this.#workers) worker.send({ type: 'wake' });
  }
}

const NOTHING_SCANNED: ScanReport = { seenFiles: 0, enqueuedJobs: 0, incompleteFiles: 0, incomplete: [] };
