import { closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../../../shared/errors.ts';

/** Through a link only in what the person named. */
const ROOT_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY;
const CHILD_FLAGS = ROOT_FLAGS | constants.O_NOFOLLOW;

/** What a name of an archive must not have to be extracted; the end of a sentence that begins with the name. */
export function unsafeName(name: string): string | undefined {
  if (name.includes('\0')) return 'has a NUL in its name';
  if (name.startsWith('/')) return 'has an absolute name';
  const parts = name.replace(/\/$/, '').split('/');
  if (parts.includes('..')) return 'has a name that leads outside';
  return parts.some((part) => part === '' || part === '.')
    ? 'has a name with an empty part or a `.`'
    : undefined;
}

/**
 * The directories that members are extracted to, below one root. Each is entered from the one above it by its descriptor and never through
 * a symlink, so that nobody who changes the tree meanwhile leads us out of it. One is open at a time.
 */
export class ExtractTree {
  readonly #root: number;
  #current: { path: string; fd: number } | undefined;

  /**
   * @param root made where it is not there, with what is above it
   * @throws as node:fs does
   */
  constructor(root: string) {
    makeWithParents(root);
    this.#root = openSync(root, ROOT_FLAGS);
  }

  /**
   * A path that leads to the directory `path` below the root, made where it is missing; it holds until the next call. Undefined where
   * something else is in the way: a symlink, or a file.
   *
   * @param path judged by `unsafeName`; '' for the root
   * @throws as node:fs does: ENOSPC, EACCES, …
   */
  enter(path: string): string | undefined {
    if (path === '') return descriptorPath(this.#root);
    if (this.#current?.path !== path) {
      this.#leave();
      const fd = this.#descend(path.split('/'));
      if (fd === undefined) return undefined;
      this.#current = { path, fd };
    }
    return descriptorPath(this.#current.fd);
  }

  close(): void {
    this.#leave();
    closeSync(this.#root);
  }

  #leave(): void {
    if (this.#current !== undefined) closeSync(this.#current.fd);
    this.#current = undefined;
  }

  #descend(parts: readonly string[]): number | undefined {
    let fd = this.#root;
    try {
      for (const part of parts) {
        const next = openDirectory(`${descriptorPath(fd)}/${part}`);
        if (fd !== this.#root) closeSync(fd);
        fd = next;
      }
      return fd;
    } catch (error) {
      if (fd !== this.#root) closeSync(fd);
      if (IN_THE_WAY.has(errnoOf(error) ?? '')) return undefined;
      throw error;
    }
  }
}

/** One by one: Node's own recursive mkdir never returns below /proc, where what is above is there and nothing can be made in it. */
function makeWithParents(directory: string): void {
  const above = dirname(directory);
  if (above !== directory && statSync(above, { throwIfNoEntry: false }) === undefined) makeWithParents(above);
  makeIfMissing(directory);
}

function makeIfMissing(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    // The root of a read-only file system, and such, are there whatever else is said of them.
    if (errnoOf(error) !== 'EEXIST' && statSync(directory, { throwIfNoEntry: false }) === undefined)
      throw error;
  }
}

/** With O_DIRECTORY a symlink is ENOTDIR on most kernels. */
const IN_THE_WAY: ReadonlySet<string> = new Set(['ENOTDIR', 'ELOOP']);

/** Node has no openat: the kernel leads through this name to the directory that is open, wherever it is by now. */
const descriptorPath = (fd: number): string => `/proc/self/fd/${fd}`;

function openDirectory(path: string): number {
  makeIfMissing(path);
  return openSync(path, CHILD_FLAGS);
}
