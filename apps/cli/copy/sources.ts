import { type BigIntStats, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf, UsageError, WharfingerError } from '../../../shared/errors.ts';
import {
  type BytePath,
  dirname,
  fromText,
  isUtf8,
  isWithin,
  relativeTo,
  toText,
} from '../../../shared/fs/byte-path.ts';
import { lstatIfSeen } from '../../../shared/fs/lstat.ts';
import { walk } from '../../../shared/fs/walk.ts';
import { checkTarget, type Destination, placeOf } from './destination.ts';

/** A file that is to be copied. */
export type PlannedFile = { source: BytePath; followLink: boolean; key: string; sizeBytes: number };

/** What is not copied: `failed` counts against the outcome, `skipped` does not. */
export type NotCopied = { source: BytePath; is: 'failed' | 'skipped'; why: string };

export type Plan = { files: PlannedFile[]; notCopied: NotCopied[] };

export type PlanOptions = {
  /** As they were written. */
  sources: readonly string[];
  destination: Destination;
  recursive: boolean;
  cwd: string;
  serverDirectory: string;
  hasDirectory(path: string): boolean;
  signal: AbortSignal;
};

type Source = { text: string; path: BytePath; stats: BigIntStats; prefix: string };

/**
 * What is to be copied where; nothing is touched. What is wrong with a SOURCE itself is wrong usage; what is wrong with a file below one is
 * told, and leaves the others.
 *
 * @throws UsageError; the signal's reason
 */
export async function planCopies(options: PlanOptions): Promise<Plan> {
  const { sources, destination, recursive } = options;
  if (sources.length > 1 && !destination.isDirectory)
    throw new UsageError('several sources need a destination that is a directory', {
      code: 'copy.several',
      hint: 'end it with /',
    });
  const named = sources.map((text) => judge(text, options));
  const omitted = recursive ? undefined : named.find(({ stats }) => stats.isDirectory());
  if (omitted !== undefined)
    throw new UsageError(`-r is not given: omitting directory ${omitted.text}`, {
      code: 'copy.directory',
      subject: omitted.text,
      hint: 'copy it with all that is in it with -r',
    });
  const plan = new Planner();
  for (const source of named) {
    const { path, prefix, stats } = source;
    if (stats.isDirectory()) await plan.addTree(source, options.signal);
    else plan.add({ source: path, followLink: true, key: prefix, sizeBytes: Number(stats.size) });
  }
  return plan;
}

function judge(text: string, { cwd, destination, hasDirectory, serverDirectory }: PlanOptions): Source {
  const refuse = (what: string, hint: string) =>
    new UsageError(`${text === '' ? '""' : text} ${what}`, { code: 'copy.source', subject: text, hint });
  if (text === '') throw refuse('is no path', 'name a file or a directory');
  const path = resolve(cwd, text);
  let stats: BigIntStats;
  try {
    // As it was written: `file/` is no file.
    stats = statSync(text.endsWith('/') ? `${path}/` : path, { bigint: true });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === 'ENOENT') throw refuse('does not exist', text.includes('\uFFFD') ? NOT_UTF8 : NOT_THERE);
    if (errno === 'ENOTDIR')
      throw refuse('is not a directory, or lies below a file', 'name it without the /');
    throw refuse(`cannot be looked at (${errno})`, 'let this user read it');
  }
  const isDirectory = stats.isDirectory();
  if (!isDirectory && !stats.isFile()) throw refuse(`is ${kindOf(stats)}`, 'only files can be copied');
  if (isDirectory && isWithin(fromText(realpathSync(path)), fromText(realPathIfThere(serverDirectory))))
    throw refuse('has the server directory in it', 'name what is to be copied more closely');
  const prefix = placeOf({ text, isDirectory }, destination, hasDirectory);
  if (!isDirectory) checkTarget(prefix);
  return { text, path: fromText(path), stats, prefix };
}

const NOT_THERE = 'name a file or a directory that is there';
const NOT_UTF8 = 'a name that is not UTF-8 cannot be the key of an object: rename it';

function realPathIfThere(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return path;
  }
}

class Planner implements Plan {
  readonly files: PlannedFile[] = [];
  readonly notCopied: NotCopied[] = [];
  readonly #keys = new Set<string>();

  add(file: PlannedFile): void {
    const { source, key } = file;
    const fault = faultOf(key);
    if (fault !== undefined) this.#fail(source, fault);
    else if (this.#keys.has(key)) this.#fail(source, `another file of this copy goes to ${key} already`);
    else {
      this.#keys.add(key);
      this.files.push(file);
    }
  }

  async addTree({ path: root, prefix }: Source, signal: AbortSignal): Promise<void> {
    const empty = new Set<BytePath>([root]);
    const entries = walk(root, {
      recursive: true,
      everyName: true,
      followLink: true,
      signal,
      onError: (error, path) => {
        empty.delete(path);
        this.#fail(path, `the directory cannot be read (${errnoOf(error) ?? error})`);
      },
    });
    for await (const batch of entries) {
      for (const { path, kind } of batch) {
        empty.delete(dirname(path));
        if (kind === 'directory') empty.add(path);
        else this.#addEntry(path, relativeTo(root, path), prefix);
      }
    }
    for (const path of empty)
      this.#skip(path, 'the directory is empty, and object storage has no directories');
  }

  #addEntry(path: BytePath, relative: BytePath, prefix: string): void {
    const stats = lstatIfSeen(path);
    if (stats === undefined) this.#fail(path, 'it is gone, or cannot be looked at');
    else if (!stats.isFile()) this.#skip(path, `it is ${kindOf(stats)}`);
    else if (!isUtf8(relative))
      this.#fail(path, 'its name is not UTF-8, which the key of an object must be; rename it');
    else {
      const key = prefix + toText(relative);
      this.add({ source: path, followLink: false, key, sizeBytes: Number(stats.size) });
    }
  }

  #fail(source: BytePath, why: string): void {
    this.notCopied.push({ source, is: 'failed', why });
  }

  #skip(source: BytePath, why: string): void {
    this.notCopied.push({ source, is: 'skipped', why });
  }
}

function faultOf(key: string): string | undefined {
  try {
    checkTarget(key);
    return undefined;
  } catch (error) {
    if (!(error instanceof WharfingerError)) throw error;
    return error.message;
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return stats.isDirectory() ? 'a directory by now' : 'a device';
}

/** Whether there is a directory of that name, as far as can be seen. */
export const isDirectory = (path: BytePath): boolean => lstatIfSeen(path)?.isDirectory() === true;
