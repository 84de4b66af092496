import { closeSync, existsSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { EnvironmentError, errnoOf, WharfingerError } from '../errors.ts';
import { MIGRATIONS } from './migrations.ts';

export type State = Database.Database;

/** `application_id` of a state file: "WHRF". Tells it from any other SQLite file. */
const APPLICATION_ID = 0x57485246;

/** The newest schema this program knows. */
export const SCHEMA_VERSION = MIGRATIONS.length;

const SQLITE_MAGIC = 'SQLite format 3\0';

/** One page of the smallest size. SQLite takes a file of one byte for an empty one. */
const SMALLEST_DATABASE_BYTES = 512;

export type OpenOptions = {
  /** Read without ever writing to or creating the file: for commands that only look. */
  readonly?: boolean;
  /** How long a statement waits for another process's write before it gives up. */
  busyTimeoutMs?: number;
};

/**
 * Opens the state file, creating or migrating it unless `readonly`.
 *
 * Every transaction that returned is on disk (WAL, `synchronous=FULL`). Safe to call from any number of processes at
 * once: the migration runs under the write lock and looks again once it has it.
 *
 * @throws EnvironmentError `state.missing`, `state.foreign`, `state.corrupt`, `state.newer`, `state.older`, `state.locked`, `state.unusable`
 */
export function openState(
  path: string,
  { readonly = false, busyTimeoutMs = 10_000 }: OpenOptions = {},
): State {
  const deadlineMs = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return openOnce(path, readonly, busyTimeoutMs);
    } catch (error) {
      const explained = explainStateError(error, path);
      const isLocked = explained instanceof EnvironmentError && explained.code === 'state.locked';
      if (!isLocked || performance.now() >= deadlineMs) throw explained;
      // Where processes open and close it at the same time, SQLite answers SQLITE_BUSY at once, without its busy timeout.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function openOnce(path: string, readonly: boolean, busyTimeoutMs: number): State {
  const stats = statIfThere(path);
  if (stats === undefined) {
    if (readonly) throw missing(path);
    statSync(dirname(path));
  } else if (stats.isFile() && stats.size > 0 && stats.size < SMALLEST_DATABASE_BYTES) {
    throw foreign(path, 'is not a SQLite file');
  }
  // A connection that may only read leaves the log and its index behind where they were not; one that could write takes them away again.
  const isInUse = existsSync(`${path}-wal`);
  const state = new Database(path, {
    readonly: readonly && isInUse,
    fileMustExist: readonly,
    timeout: busyTimeoutMs,
  });
  try {
    if (readonly) state.pragma('query_only = ON');
    return prepare(state, path, readonly);
  } catch (error) {
    state.close();
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_NOTADB') refuseForeignFile(path);
    throw error;
  }
}

const missing = (path: string): EnvironmentError =>
  new EnvironmentError(`there is no state file at ${path}`, {
    code: 'state.missing',
    subject: path,
    hint: 'give the one that `wharfinger start` uses with --state-path',
  });

function prepare(state: State, path: string, readonly: boolean): State {
  // In one transaction, so that both answers are of before or of after another process's migration.
  state.transaction(() => refuseForeignDatabase(state, path))();
  state.pragma('foreign_keys = ON');
  if (readonly) {
    checkVersion(state, path, true);
    return state;
  }
  checkVersion(state, path, false);
  state.pragma('journal_mode = WAL');
  state.pragma('synchronous = FULL');
  // Beyond the default of 1000 pages (4 KiB each) the write-ahead log is folded back less often: each fold writes scattered pages.
  state.pragma('wal_autocheckpoint = 16000');
  state.pragma('journal_size_limit = 67108864');
  // In KiB. More would be read anew anyway: each write of another process empties it.
  state.pragma('cache_size = -8192');
  migrate(state, path);
  // Not before: a migration may sort a whole ledger.
  state.pragma('temp_store = MEMORY');
  return state;
}

function checkVersion(state: State, path: string, mustBeCurrent: boolean): number {
  const version = Number(state.pragma('user_version', { simple: true }));
  if (version > SCHEMA_VERSION) {
    throw new EnvironmentError(
      `the state file ${path} has version ${version}, made by a newer wharfinger; this one knows up to ${SCHEMA_VERSION}`,
      {
        code: 'state.newer',
        subject: path,
        hint: 'run the newer wharfinger, or give another file with --state-path',
      },
    );
  }
  if (mustBeCurrent && version < SCHEMA_VERSION) {
    throw new EnvironmentError(
      `the state file ${path} has version ${version}, older than ${SCHEMA_VERSION}`,
      {
        code: 'state.older',
        subject: path,
        hint: 'run `wharfinger start` once: it brings the file up to date',
      },
    );
  }
  return version;
}

/** Applies what is missing, each migration with its version in one transaction. */
function migrate(state: State, path: string): void {
  if (checkVersion(state, path, false) === SCHEMA_VERSION) return;
  state
    .transaction(() => {
      for (let version = checkVersion(state, path, false); version < SCHEMA_VERSION; version++) {
        state.exec(MIGRATIONS[version] ?? '');
        state.pragma(`user_version = ${version + 1}`);
      }
      state.pragma(`application_id = ${APPLICATION_ID}`);
    })
    .immediate();
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * What SQLite does not know is a damaged state file, or no SQLite file at all. Asked only of a file that could not be opened: to open and close
 * one that this process has open takes SQLite's locks away.
 */
function refuseForeignFile(path: string): void {
  const magic = Buffer.alloc(SQLITE_MAGIC.length);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, magic, 0, magic.length, 0);
  } finally {
    closeSync(fd);
  }
  if (magic.toString('latin1') !== SQLITE_MAGIC) throw foreign(path, 'is not a SQLite file');
}

/** A database with tables and without our mark is another program's. Reads the schema, so that damage to it is found now. */
function refuseForeignDatabase(state: State, path: string): void {
  const tables = state.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_schema').get();
  if (state.pragma('application_id', { simple: true }) === APPLICATION_ID) return;
  if (tables !== undefined && tables.n > 0) throw foreign(path, 'is the SQLite file of another program');
}

const foreign = (path: string, what: string): EnvironmentError =>
  new EnvironmentError(`${path} ${what}; nothing was changed`, {
    code: 'state.foreign',
    subject: path,
    hint: 'give another file with --state-path, or restore this one from a backup if it was damaged',
  });

/** What a failure of SQLite means to the person who runs the program. Others' errors are returned as they are. */
export function explainStateError(error: unknown, path: string): unknown {
  if (error instanceof WharfingerError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  const details = (name: string, hint: string, retryable = false) =>
    ({ code: name, subject: path, hint, retryable, cause: error }) as const;
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new EnvironmentError(
      `the state file ${path} is locked by another program`,
      details('state.locked', `find it with \`fuser ${path}\` and end it, then start again`, true),
    );
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new EnvironmentError(
      `the state file ${path} is damaged (${error.message})`,
      details('state.corrupt', 'restore it from a backup; the files and manifests were not touched'),
    );
  }
  if (/^SQLITE_FULL/.test(code) || code === 'ENOSPC' || code === 'EDQUOT') {
    return new EnvironmentError(
      `no space left for the state file ${path}`,
      details('state.full', 'free space on its file system; wharfinger goes on where it stopped', true),
    );
  }
  if (
    /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH|IOERR)/.test(code) ||
    /^E(ACCES|PERM|ROFS|NOENT|ISDIR|NOTDIR|IO)$/.test(code)
  ) {
    return new EnvironmentError(
      `the state file ${path} cannot be used (${error.message})`,
      details(
        'state.unusable',
        'check that its directory exists and that this user may write to it and to the file',
        code.startsWith('SQLITE_IOERR'),
      ),
    );
  }
  return error;
}
