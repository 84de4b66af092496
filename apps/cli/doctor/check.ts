import type { Settings } from '../../../shared/config/settings.ts';

/** `fail`: wharfinger does not run here, or would lose its ground. `warn`: it runs, slower or with less certainty. */
export type Level = 'ok' | 'warn' | 'fail';

/** What one look at the machine gave. */
export type Check = {
  level: Level;
  /** A stable name, for machines. */
  check: string;
  /** What was found, for a person. */
  what: string;
  /** How to mend it; absent where all is well. */
  mend?: string;
};

/** What is examined, and with what. */
export type Examined = {
  settings: Settings;
  /** Inputs that `start` makes where they are missing. */
  inputsToMake: readonly string[];
  /** Where credentials may be. */
  env: Readonly<Record<string, string | undefined>>;
  nowMs(): number;
  /** A clock that never jumps, in fractions of a millisecond. */
  monotonicMs(): number;
};

/** Looks at one thing. What it makes for that it removes again. */
export type Examination = (examined: Examined) => Check[] | Promise<Check[]>;

export const ok = (check: string, what: string): Check => ({ level: 'ok', check, what });
export const warn = (check: string, what: string, mend: string): Check => ({
  level: 'warn',
  check,
  what,
  mend,
});
export const fail = (check: string, what: string, mend: string): Check => ({
  level: 'fail',
  check,
  what,
  mend,
});
