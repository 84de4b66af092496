import { constants } from 'node:os';
import { getSystemErrorMap, inspect } from 'node:util';
import {
  EnvironmentError,
  EXIT,
  type ExitCode,
  errnoOf,
  exitCodeOf,
  WharfingerError,
} from '../../shared/errors.ts';

/** What the program says about an error at its end, and the code it exits with. */
export type LastWords = { text: string; exitCode: ExitCode };

/**
 * One line for what is expected; for a defect its stack, and what to do about it.
 *
 * @param reportTo where defects are reported, where that is known
 */
export function lastWords(error: unknown, reportTo?: string): LastWords {
  const expected = expectedForm(error);
  if (expected !== undefined) {
    const { message, hint } = expected;
    const line = `wharfinger: ${message}${hint === undefined ? '' : `; ${hint}`}`;
    return { text: `${oneLine(line)}\n`, exitCode: exitCodeOf(expected) };
  }
  const where = reportTo === undefined ? '' : ` at ${reportTo}`;
  return {
    text: `${inspect(error)}\nwharfinger: this is a defect of wharfinger; please report it${where} with the lines above\n`,
    exitCode: EXIT.defect,
  };
}

/** The error as one of ours; undefined for a defect. */
function expectedForm(error: unknown): WharfingerError | undefined {
  if (error instanceof WharfingerError) return error;
  const errno = errnoOf(error);
  if (errno !== undefined) return fromSystemCall(error, errno);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('SQLITE_') ? fromSqlite(error, code) : undefined;
}

/** A system call that failed where nobody had a better word for it. */
function fromSystemCall(error: unknown, errno: string): EnvironmentError {
  const { path, syscall } = error as { path?: unknown; syscall?: unknown };
  const what = [syscall, path].filter((part) => typeof part === 'string').join(' ');
  return new EnvironmentError(`${what === '' ? '' : `${what}: `}${meaningOf(errno)} (${errno})`, {
    code: 'system-call',
    cause: error,
    hint: SYSTEM_HINTS[errno] ?? '`wharfinger doctor` looks for what is wrong here',
  });
}

const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'let this user use it',
  EPERM: 'let this user use it',
  EROFS: 'mount its file system for writing',
  ENOSPC: 'free space on its file system; wharfinger goes on where it stopped',
  EDQUOT: 'raise the quota, or free space; wharfinger goes on where it stopped',
  EMFILE: 'raise the limit of open files (`ulimit -n`)',
  ENFILE: 'raise the limit of open files of the machine (fs.file-max)',
  ENOMEM: 'free memory, or run fewer workers with --workers',
};

function meaningOf(errno: string): string {
  const numbers: Readonly<Record<string, number>> = constants.errno;
  const meaning = getSystemErrorMap().get(-(numbers[errno] ?? 0))?.[1];
  return meaning ?? 'the system refused';
}

/** SQLite's refusals while the program runs; those at opening are told with more detail by `openState`. */
function fromSqlite(error: unknown, code: string): EnvironmentError | undefined {
  const found = SQLITE_REFUSALS.find(([pattern]) => pattern.test(code));
  if (found === undefined) return undefined;
  const [, what, hint] = found;
  return new EnvironmentError(`the state file ${what} (${code})`, {
    code: 'state.refused',
    hint,
    cause: error,
  });
}

const SQLITE_REFUSALS: readonly (readonly [pattern: RegExp, what: string, hint: string])[] = [
  [/^SQLITE_(BUSY|LOCKED)/, 'is locked by another program', 'find it with `fuser`, end it, and start again'],
  [
    /^SQLITE_(CORRUPT|NOTADB)/,
    'is damaged',
    'restore it from a backup; the files and manifests were not touched',
  ],
  [/^SQLITE_FULL/, 'has no space left', 'free space on its file system; wharfinger goes on where it stopped'],
  [/^SQLITE_(READONLY|PERM|AUTH)/, 'cannot be written', 'let this user write to it and to its directory'],
  [/^SQLITE_CANTOPEN/, 'cannot be opened', 'check that its directory exists and that this user may use it'],
  [
    /^SQLITE_IOERR/,
    'cannot be read or written',
    'look at its disk with `dmesg`, and run `wharfinger doctor`',
  ],
];

/** A file name may hold any character: a message stays one line, and no name can play with the terminal. */
export const oneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\x00-\x1f\x7f-\x9f]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
