import { inboxOf } from '../places.ts';
import { anotherBaseFault } from './faults.ts';
import type { FileCalls } from './file-calls.ts';

/** Which directory a path leads to. */
export type DirectoryIdentity = { dev: bigint; ino: bigint };

/**
 * The base as it was when it was first used. While its file system is not mounted the same path leads to another directory, and what was
 * deposited there would be hidden as soon as it is mounted again.
 */
export class KnownBase {
  readonly #base: string;
  readonly #calls: FileCalls;
  #identity: DirectoryIdentity | undefined;
  #inboxIno: bigint | undefined;

  /** @param identity where it is known already; else that of the first look */
  constructor(base: string, calls: FileCalls, identity?: DirectoryIdentity) {
    this.#base = base;
    this.#calls = calls;
    this.#identity = identity;
  }

  /** Whether anything was ever made in its inbox. */
  get isUsed(): boolean {
    return this.#inboxIno !== undefined;
  }

  /** @throws EnvironmentError `archive.base`; as stat does: ENOENT, … */
  async assertSame(): Promise<void> {
    const found = await this.#calls.stat(this.#base);
    const known = this.#identity ?? found;
    if (found.ino !== known.ino) throw anotherBaseFault(this.#base);
    // A file system that was mounted again may have another number, but the same directories.
    if (found.dev !== known.dev && !(await this.#hasOurInbox())) throw anotherBaseFault(this.#base);
    this.#identity = found;
  }

  /** The inbox that is there now is the one of this base. */
  async rememberInbox(): Promise<void> {
    this.#inboxIno = (await this.#calls.stat(inboxOf(this.#base))).ino;
  }

  async #hasOurInbox(): Promise<boolean> {
    if (this.#inboxIno === undefined) return false;
    return (await this.#calls.stat(inboxOf(this.#base))).ino === this.#inboxIno;
  }
}
