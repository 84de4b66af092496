import { constants } from 'node:os';

/**
 * The one family of expected errors. Each carries a stable `code`, so that callers branch on it and never on
 * a message, and a `hint` that says how to mend it. Anything else that is thrown is a defect of ours.
 */

/** Exit codes of the command line; a contract, see README. */
export const EXIT = {
  done: 0,
  defect: 1,
  usage: 2,
  filesFailed: 3,
  disagreement: 4,
  environment: 5,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type ErrorDetails = {
  /** Stable and machine readable, for example `state.locked`. */
  code: string;
  /** What was being done: a system call or a verb, for example `rename` or `open state`. */
  op?: string;
  /** What it was done to: a path as a person reads it, a job, a key of the config. */
  subject?: string;
  /** True where the same thing may succeed later without anyone changing the input. */
  retryable?: boolean;
  /** How to mend it, in words that a person can follow at once. */
  hint?: string;
  cause?: unknown;
};

/** An expected failure: printed as one line and its hint, never with a stack. */
export class WharfingerError extends Error {
  override readonly name: string = 'WharfingerError';
  readonly code: string;
  readonly op: string | undefined;
  readonly subject: string | undefined;
  readonly retryable: boolean;
  readonly hint: string | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.op = details.op;
    this.subject = details.subject;
    this.retryable = details.retryable ?? false;
    this.hint = details.hint;
  }
}

/** Wrong options or a wrong config file (exit 2). */
export class UsageError extends WharfingerError {
  override readonly name = 'UsageError';
}

/** The machine refuses: a directory, a permission, the state file, the disk (exit 5). */
export class EnvironmentError extends WharfingerError {
  override readonly name = 'EnvironmentError';
}

/** The holder's lease has ended: it must drop the job without touching anything. */
export class LeaseLostError extends WharfingerError {
  override readonly name = 'LeaseLostError';
  constructor(token: number) {
    super(`lease ${token} has ended`, { code: 'lease.lost', subject: String(token), retryable: true });
  }
}

const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** The errno name of a system call's failure (`ENOSPC`, …), or undefined where there is none. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code;
  // libuv has no names for some, EDQUOT and ESTALE among them: node:fs then throws `Unknown system error -122`.
  const isUnnamed = typeof code === 'string' && code.startsWith('Unknown system error') && 'errno' in error;
  return isUnnamed ? ERRNO_NAMES.get(Math.abs(Number(error.errno))) : undefined;
}

/** The exit code an error ends the program with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof WharfingerError) return EXIT.environment;
  return EXIT.defect;
}
