import { closeSync, constants, fsyncSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../../shared/errors.ts';
import { type BytePath, dirname, isWithin, toBytes } from '../../shared/fs/byte-path.ts';

const PATIENCE_MS = 40;

/** Does it again and again while the disk is full, as a patient writer does. */
export async function patiently<T>(signal: AbortSignal, work: () => T): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return work();
    } catch (error) {
      if (errnoOf(error) !== 'ENOSPC') throw error;
    }
    await delay(PATIENCE_MS, undefined, { signal });
  }
}

/** A file that is open for writing. The disposal closes it, also one that was closed. */
export class Pen implements Disposable {
  readonly #signal: AbortSignal;
  #fd: number | undefined;

  private constructor(fd: number, signal: AbortSignal) {
    this.#fd = fd;
    this.#signal = signal;
  }

  /** A new file, with the directories on its way. @throws EEXIST */
  static async create(path: BytePath, signal: AbortSignal): Promise<Pen> {
    const fd = await patiently(signal, () => {
      mkdirSync(toBytes(dirname(path)), { recursive: true });
      return openSync(toBytes(path), 'wx');
    });
    return new Pen(fd, signal);
  }

  /** A file that is there, for more at its end. @throws ENOENT */
  static async reopen(path: BytePath, signal: AbortSignal): Promise<Pen> {
    const fd = await patiently(signal, () =>
      openSync(toBytes(path), constants.O_WRONLY | constants.O_APPEND),
    );
    return new Pen(fd, signal);
  }

  async write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += await patiently(this.#signal, () => writeSync(this.#open(), bytes, done));
    }
  }

  forgeTimes(seconds: number): void {
    futimesSync(this.#open(), seconds, seconds);
  }

  async sync(): Promise<void> {
    await patiently(this.#signal, () => fsyncSync(this.#open()));
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error('it is closed');
    return this.#fd;
  }
}

/** Makes the names in a directory durable, and those of the directories above it up to `input`. */
export async function syncUpTo(input: BytePath, directory: BytePath, signal: AbortSignal): Promise<void> {
  for (let at = directory; isWithin(input, at); at = dirname(at)) {
    await patiently(signal, () => syncDirectory(at));
  }
}

/** One that is gone has nothing in it that could get lost. */
function syncDirectory(path: BytePath): void {
  let fd: number;
  try {
    fd = openSync(toBytes(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
