import { closeSync, fsyncSync, openSync, realpathSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { fromText } from '../../fs/byte-path.ts';
import { fsyncDirectory } from '../../fs/durable.ts';
import { failureOf } from '../engine/failure.ts';
import type { Duck } from '../engine/instance.ts';
import { ident, text } from '../engine/sql.ts';
import { TargetError } from '../errors.ts';
import { fileError, targetErrorOf } from './duckdb-errors.ts';

/** `load`: nobody else may have it open. `read`: others may read it too, and nobody may load. */
export type Access = 'load' | 'read';

export type AttachOptions = {
  access: Access;
  /** It was loaded into before: where it is not there, it is somewhere else. */
  expectsFile: boolean;
};

/** A file that is attached to a database in memory. */
export type DuckDBFile = {
  /** What it is called there. */
  database: string;
  /** Makes durable that the files are there under their names; DuckDB itself does that for their contents alone. */
  syncNames(): void;
  /** Folds the log in, closes the database that it was attached to, and gives the file back. Idempotent. */
  close(): Promise<void>;
};

const DATABASE = 'target';

/**
 * Attaches a DuckDB file, which is made where it is not there. All that it shows is on disk then, also what a process that was killed had
 * committed and not yet made durable: whoever asks goes by it.
 *
 * @param duck a database in memory, which is closed where this fails
 * @returns undefined where it is only to be read and is not there
 * @throws TargetError `load.unmarked` where it is expected and is not there, `load.target-busy` where it is open elsewhere,
 * `load.target-no-database`, …
 */
export async function attachFile(
  duck: Duck,
  path: string,
  { access, expectsFile }: AttachOptions,
): Promise<DuckDBFile | undefined> {
  const held: number[] = [];
  let release = () => {};
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await detach(duck.connection);
    duck.close();
    // Only now: to close a descriptor is to give up DuckDB's lock.
    for (const fd of held) closeSync(fd);
    release();
  };
  const syncNames = () => guarded(path, () => fsyncDirectory(fromText(dirname(path))));
  try {
    if (!isThere(path)) {
      if (expectsFile) throw missing(path);
      if (access === 'read') return undefined;
    }
    release = reserve(path);
    await attach(duck.connection, path, access);
    if (access === 'load') {
      guarded(path, () => holdDurable(path, held));
      syncNames();
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { database: DATABASE, syncNames, close };
}

/**
 * The files that this process has open. The kernel's lock, by which DuckDB keeps processes apart, is the process's own: a second opening in
 * it would be let in, and closing any descriptor of the file would give the lock back (fcntl(2), F_SETLK).
 */
const inUse = new Set<string>();

function reserve(path: string): () => void {
  const directory = guarded(path, () => realpathSync(dirname(path)));
  const name = isThere(path) ? realpathSync(path) : join(directory, basename(path));
  if (inUse.has(name)) throw busy(path);
  inUse.add(name);
  return () => inUse.delete(name);
}

const SUFFIXES = ['', '.wal'];

function holdDurable(path: string, held: number[]): void {
  for (const suffix of SUFFIXES) {
    if (!isThere(path + suffix)) continue;
    const fd = openSync(path + suffix, 'r');
    held.push(fd);
    fsyncSync(fd);
  }
}

/** DuckDB says the number of the system call's failure only in this form. */
async function attach(connection: DuckDBConnection, path: string, access: Access): Promise<void> {
  await connection.run('SET errors_as_json = true');
  try {
    await connection.run(
      `ATTACH ${text(path)} AS ${ident(DATABASE)} (TYPE duckdb${access === 'read' ? ', READ_ONLY' : ''})`,
    );
  } catch (error) {
    throw attachError(error, path);
  } finally {
    await connection.run('RESET errors_as_json');
  }
}

/** That the log could not be folded in is no failure: it is on disk, and the next opening does it. */
async function detach(connection: DuckDBConnection): Promise<void> {
  try {
    await connection.run(`DETACH DATABASE IF EXISTS ${ident(DATABASE)}`);
  } catch (error) {
    if (!(targetErrorOf(error, '') instanceof TargetError)) throw error;
  }
}

function attachError(error: unknown, path: string): unknown {
  const said = error instanceof Error ? parse(error.message) : undefined;
  if (said === undefined) return error;
  // What fcntl says of a lock that another process has.
  if (Number(said.errno) === constants.errno.EAGAIN) return busy(path, error);
  const errno = ERRNO_NAMES.get(Number(said.errno));
  if (errno !== undefined) return fileError(errno, said.exception_message, path, error);
  const known = failureOf(new Error(`${said.exception_type} Error: ${said.exception_message}`), path);
  if (known instanceof TargetError) return known;
  return new TargetError('refused', `${path}: ${said.exception_message}`, {
    code: 'load.target-no-database',
    subject: path,
    hint: 'give the path of a DuckDB file of this or an older version, or of none; a damaged one is restored from a backup',
    cause: error,
  });
}

type Said = { exception_type: string; exception_message: string; errno?: string };

function parse(message: string): Said | undefined {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

const busy = (path: string, cause?: unknown): TargetError =>
  new TargetError('busy', `${path} is open elsewhere`, {
    code: 'load.target-busy',
    subject: path,
    hint: `\`fuser ${path}\` says who has it; who reads it opens it READ_ONLY, and not for long`,
    cause,
  });

/** One that were made in its place would be hidden, with all its rows, once the file system is mounted. */
const missing = (path: string): TargetError =>
  new TargetError('away', `${path} is not there, and files were loaded into it`, {
    code: 'load.unmarked',
    subject: path,
    hint: `mount its file system, or restore it from a backup; to go on with an empty one, without what was loaded before, make it: duckdb '${path}' 'SELECT 1'`,
  });

const isThere = (path: string): boolean =>
  guarded(path, () => statSync(path, { throwIfNoEntry: false })) !== undefined;

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw targetErrorOf(error, path);
  }
}
