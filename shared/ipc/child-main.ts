import { type Clock, systemClock } from '../clock.ts';
import type { Settings } from '../config/settings.ts';
import { exitCodeOf, WharfingerError } from '../errors.ts';
import { ignoreLeaseSignal } from '../linux/open-writer.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { syncSink } from '../log/sync-sink.ts';
import { explainStateError, openState, type State } from '../state/open.ts';
import type { FromChild, Role, ToChild } from './messages.ts';
import { ParentChannel } from './parent-channel.ts';

/** What a child works with. */
export type ChildContext = {
  name: string;
  settings: Settings;
  state: State;
  logger: Logger;
  clock: Clock;
  /** Aborts when the child has to stop: it was asked to, or its supervisor is gone. */
  stop: AbortSignal;
  /** Aborts when the child has to end once there is nothing left to do. */
  drain: AbortSignal;
  /** Calls back at each wake from now on, and at once where one came before. */
  onWake(callback: () => void): void;
  send(message: FromChild): void;
};

type Configure = Extract<ToChild, { type: 'configure' }>;

/**
 * The life of a forked child, from its first message to its exit: the whole of its entry file but for `work`.
 *
 * It takes over the process. SIGTERM means stop; SIGINT is left to the supervisor, since a terminal sends it to all of the
 * group and the supervisor then says what to do. When the supervisor is gone, however it died, the child stops, and ends itself after
 * `stopMs` at the latest. An expected error is sent to the supervisor, which decides how to show it; a defect is logged with its stack.
 */
export async function runChild(role: Role, work: (context: ChildContext) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const drain = new AbortController();
  const configured = Promise.withResolvers<Configure | undefined>();
  const wakes = new Wakes();
  let logger: Logger | undefined;
  let stopMs = 0;
  const askToStop = () => {
    configured.resolve(undefined);
    stop.abort();
  };

  ignoreLeaseSignal();
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', askToStop);
  const channel = new ParentChannel(process, {
    onMessage(message) {
      if (message.type === 'configure') configured.resolve(message);
      else if (message.type === 'wake') wakes.wake();
      else if (message.type === 'drain') drain.abort();
      else askToStop();
    },
    onRefused: (reason) => logger?.error({ event: 'ipc.refused', reason }),
    onParentGone() {
      logger?.warn({ event: 'supervisor.lost' });
      askToStop();
      setTimeout(() => process.exit(0), stopMs);
    },
  });

  const message = await configured.promise;
  if (message === undefined) process.exit(0);
  const { name, settings } = message;
  stopMs = settings.stopMs;
  process.title = `wharfinger ${name}`;
  const log = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    process: name,
    sink: syncSink(2),
    colour: message.colour,
  });
  logger = log;
  process.on('uncaughtException', (error) => {
    log.fatal({ event: 'defect', err: error });
    process.exit(1);
  });

  let exitCode = 0;
  let state: State | undefined;
  try {
    if (message.role !== role) throw new Error(`this is a ${role}, configured as ${message.role}`);
    state = openState(settings.statePath);
    await work({
      name,
      settings,
      state,
      logger: log,
      clock: systemClock,
      stop: stop.signal,
      drain: drain.signal,
      onWake: (callback) => wakes.listen(callback),
      send: (outgoing) => channel.send(outgoing),
    });
  } catch (thrown) {
    const error = isSqlite(thrown) ? explainStateError(thrown, settings.statePath) : thrown;
    exitCode = exitCodeOf(error);
    if (error instanceof WharfingerError) channel.send(failure(error, exitCode));
    else log.fatal({ event: 'defect', err: error });
  } finally {
    state?.close();
  }
  await channel.flush();
  process.exit(exitCode);
}

const isSqlite = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_');

const failure = (error: WharfingerError, exitCode: number): FromChild => ({
  type: 'failed',
  exitCode,
  code: error.code,
  message: error.message,
  hint: error.hint,
  retryable: error.retryable,
});

/** Remembers one wake until somebody listens. */
class Wakes {
  #callback: (() => void) | undefined;
  #pending = false;

  wake(): void {
    if (this.#callback === undefined) this.#pending = true;
    else this.#callback();
  }

  listen(callback: () => void): void {
    this.#callback = callback;
    if (this.#pending) callback();
    this.#pending = false;
  }
}
