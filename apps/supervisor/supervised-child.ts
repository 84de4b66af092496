import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../shared/clock.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { ChildChannel } from '../../shared/ipc/child-channel.ts';
import type { FromChild, Role, ToChild } from '../../shared/ipc/messages.ts';
import { forwardLines } from './forward-lines.ts';
import { type BackoffTimes, RestartBackoff } from './restart-backoff.ts';

export type ChildFailure = Extract<FromChild, { type: 'failed' }>;

/**
 * A killed process that is in a system call which cannot be interrupted (a hung network file system) dies when that returns,
 * perhaps never. It is waited for this long.
 */
const KILLED_WAIT_MS = 2_000;

/** How a process ended that nobody had asked to end. */
export type Death = {
  pid: number | undefined;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Whether this process had begun its work. */
  wasStarted: boolean;
  /** What it said about its end, if anything. */
  failure: ChildFailure | undefined;
  restartInMs: number;
};

/** `was killed by SIGKILL`, for a sentence whose subject is the child's name. */
export const describeDeath = ({
  code,
  signal,
  failure,
}: Pick<Death, 'code' | 'signal' | 'failure'>): string => {
  if (failure !== undefined) return `gave up: ${failure.message}`;
  if (signal !== null) return `was killed by ${signal}`;
  return code === null ? 'could not be started' : `ended with exit code ${code}`;
};

export type ChildEvents = {
  onMessage(child: SupervisedChild, message: FromChild): void;
  onRefused(child: SupervisedChild, reason: string): void;
  onDied(child: SupervisedChild, death: Death): void;
  /** Ended as asked; it is not started again. Once at most. */
  onEnded(child: SupervisedChild, pid: number | undefined): void;
};

export type ChildOptions = {
  role: Role;
  name: string;
  entry: URL;
  settings: Settings;
  colour: boolean;
  /** Takes the child's stderr; undefined: it has ours. */
  stderr: ((lines: string) => void) | undefined;
  backoff: BackoffTimes;
  clock: Clock;
  events: ChildEvents;
};

/**
 * In MiB. V8 lets garbage lie until there is much of it, and asks no less of a process that holds 20 MiB: with these a worker that takes a
 * million files stays below 150 MiB resident, and is no slower.
 */
const HEAP_LIMITS = ['--max-semi-space-size=8', '--max-old-space-size=128'];

/**
 * One child that is kept alive: forked, configured, and forked again with growing delays when it dies, until it is told to
 * stop or ends when it may. All methods may be called at any time and more than once.
 */
export class SupervisedChild {
  readonly role: Role;
  readonly name: string;
  readonly #options: ChildOptions;
  readonly #backoff: RestartBackoff;
  readonly #ended = Promise.withResolvers<void>();
  #process: ChildProcess | undefined;
  #channel: ChildChannel | undefined;
  #restart: NodeJS.Timeout | undefined;
  #startedWork = false;
  #draining = false;
  #stopping = false;

  constructor(options: ChildOptions) {
    this.role = options.role;
    this.name = options.name;
    this.#options = options;
    this.#backoff = new RestartBackoff(options.backoff);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Whether it lives and has begun its work. */
  get isWorking(): boolean {
    return this.#process !== undefined && this.#startedWork;
  }

  /** Resolves when there is no process and will be none. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  start(): void {
    if (this.#process !== undefined || this.#stopping) return;
    const { entry, name, role, settings, colour, stderr, clock, events } = this.#options;
    const startedAtMs = clock.monotonicMs();
    let failure: ChildFailure | undefined;
    this.#startedWork = false;
    // What a child prints on stdout would be taken for a result of ours: it goes where the log goes.
    const output = stderr === undefined ? 2 : 'pipe';
    const child = fork(fileURLToPath(entry), [], {
      stdio: ['ignore', output, output, 'ipc'],
      execArgv: [...process.execArgv, ...HEAP_LIMITS],
    });
    this.#process = child;
    this.#channel = new ChildChannel(child, {
      onMessage: (message) => {
        if (message.type === 'started') this.#startedWork = true;
        if (message.type === 'failed') failure = message;
        events.onMessage(this, message);
      },
      onRefused: (reason) => events.onRefused(this, reason),
    });
    if (stderr !== undefined) forwardLines([child.stdout, child.stderr], stderr);

    // 'close' and not 'exit': only then the last messages and log lines are here. A fork that failed has an 'error' alone.
    const gone = (code: number | null, signal: NodeJS.Signals | null) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      this.#onGone(child.pid, { code, signal, failure, ranMs: clock.monotonicMs() - startedAtMs });
    };
    child.on('close', gone);
    child.on('error', () => void (child.pid === undefined && gone(null, null)));

    this.send({ type: 'configure', role, name, settings, colour });
    if (this.#draining) this.send({ type: 'drain' });
  }

  send(message: ToChild): void {
    this.#channel?.send(message);
  }

  /** Asks it to end, with code 0, once nothing is left to do; one that dies first is started again and asked again. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.send({ type: 'drain' });
  }

  /** Asks it to stop, and starts it no more. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (this.#process === undefined) this.#ended.resolve();
    else this.send({ type: 'stop' });
  }

  /** Ends it at once, and starts it no more. */
  kill(): void {
    this.stop();
    const child = this.#process;
    if (child === undefined || child.killed) return;
    child.kill('SIGKILL');
    const abandon = setTimeout(() => {
      child.unref();
      child.channel?.unref();
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      this.#ended.resolve();
    }, KILLED_WAIT_MS);
    void this.ended.then(() => clearTimeout(abandon));
  }

  #onGone(
    pid: number | undefined,
    { ranMs, ...end }: { ranMs: number } & Pick<Death, 'code' | 'signal' | 'failure'>,
  ): void {
    const { events } = this.#options;
    if (this.#stopping || (this.#draining && end.code === 0)) {
      this.#stopping = true;
      this.#ended.resolve();
      events.onEnded(this, pid);
      return;
    }
    const restartInMs = this.#backoff.nextMs(ranMs);
    this.#restart = setTimeout(() => this.start(), restartInMs);
    events.onDied(this, { pid, ...end, wasStarted: this.#startedWork, restartInMs });
  }
}
