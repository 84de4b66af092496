import type { Clock } from '../../shared/clock.ts';
import type { ExitCode } from '../../shared/errors.ts';
import type { SignalSource } from '../supervisor/stop-signals.ts';

/** A stream that results or messages are written to, as much of it as a command needs. */
export type Output = {
  write(text: string): void;
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Its width in characters, where it is a terminal. */
  readonly columns: number | undefined;
};

/**
 * Everything a command takes from the process it runs in, so that commands are tested without one. A command throws a
 * `WharfingerError` for what is expected; the program prints it and chooses the exit code.
 */
export type CliContext = {
  /** Results, and nothing else. */
  readonly stdout: Output;
  /** Messages to the person. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths of options start here. */
  readonly cwd: string;
  readonly clock: Clock;
  /** The version in package.json. */
  readonly version: string;
  /** What sends SIGINT and SIGTERM, for a command that treats them in its own way. */
  readonly signals: SignalSource;
  /**
   * Aborted by the first SIGINT or SIGTERM. The second ends the process at once, and so does `withinMs` after the first.
   * Asking for it takes the signals over.
   */
  stopSignal(withinMs?: number): AbortSignal;
  /** What the program exits with when the command returns; 0 unless set. */
  setExitCode(code: ExitCode): void;
};
