import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, isWithin } from '../../../shared/fs/byte-path.ts';
import type { InotifyEvent } from '../../../shared/linux/inotify.ts';
import type { EventQueue, Kernel } from '../kernel.ts';

/** A watched directory, and whose it is. */
export type Place<Owner> = { owner: Owner; directory: BytePath };

type Watch<Owner> = Place<Owner> & { wd: number; isRoot: boolean; round: number };

/**
 * The watched directories of this process: one inotify for all. The kernel watches inodes, we know names: a directory that is moved keeps
 * its number, and its name here goes stale until it is entered under the new one or verified.
 *
 * Memory grows with the number of directories, as the kernel's does, and never with files.
 */
export class Watches<Owner> {
  readonly #kernel: Kernel;
  readonly #onReadable: () => void;
  readonly #byNumber = new Map<number, Watch<Owner>>();
  readonly #byDirectory = new Map<BytePath, Watch<Owner>>();
  #queue: EventQueue | undefined;

  constructor(kernel: Kernel, onReadable: () => void) {
    this.#kernel = kernel;
    this.#onReadable = onReadable;
  }

  /**
   * Watches a directory. Idempotent; done again, it is marked with the new `round`.
   *
   * @throws as inotify does: EMFILE, ENOSPC, ENOMEM where there can be no more; ENOENT, ENOTDIR, EACCES where it cannot be watched
   */
  add(place: Place<Owner>, { isRoot, round }: { isRoot: boolean; round: number }): void {
    this.#queue ??= this.#kernel.openInotify(this.#onReadable);
    const wd = this.#queue.add(place.directory, { followLink: isRoot });
    const former = this.#byDirectory.get(place.directory);
    if (former !== undefined && former.wd !== wd) this.#remove(former);
    const underOtherName = this.#byNumber.get(wd);
    if (underOtherName !== undefined) this.#byDirectory.delete(underOtherName.directory);
    const watch = { ...place, wd, isRoot, round };
    this.#byNumber.set(wd, watch);
    this.#byDirectory.set(place.directory, watch);
  }

  placeOf(wd: number): Place<Owner> | undefined {
    return this.#byNumber.get(wd);
  }

  /**
   * The directory of this number was moved, somewhere: if it is not at its name any more, nothing below that name is either.
   *
   * @returns whether it is still there
   */
  verify(wd: number): boolean {
    const watch = this.#byNumber.get(wd);
    if (watch === undefined) return false;
    if (this.#isAtItsName(watch)) return true;
    for (const other of this.#byDirectory.values()) {
      if (isWithin(watch.directory, other.directory)) this.#remove(other);
    }
    return false;
  }

  /** The kernel has ended this watch. */
  ended(wd: number): void {
    const watch = this.#byNumber.get(wd);
    if (watch !== undefined) this.#forget(watch);
  }

  /** Ends those of an owner whose last `round` is an earlier one: a scan did not meet them any more. */
  endBefore(owner: Owner, round: number): void {
    for (const watch of this.#byDirectory.values()) {
      if (watch.owner === owner && watch.round < round) this.#remove(watch);
    }
  }

  /** What has come since the last call, or a part of it. */
  read(): InotifyEvent[] {
    return this.#queue?.read() ?? [];
  }

  close(): void {
    this.#queue?.close();
    this.#queue = undefined;
    this.#byNumber.clear();
    this.#byDirectory.clear();
  }

  #isAtItsName({ wd, directory, isRoot }: Watch<Owner>): boolean {
    try {
      const found = this.#queue?.add(directory, { followLink: isRoot });
      if (found === wd) return true;
      // Another directory has got the name: whoever enters it watches it as its own.
      if (found !== undefined && !this.#byNumber.has(found)) this.#queue?.remove(found);
      return false;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }

  #remove(watch: Watch<Owner>): void {
    this.#queue?.remove(watch.wd);
    this.#forget(watch);
  }

  #forget(watch: Watch<Owner>): void {
    this.#byNumber.delete(watch.wd);
    if (this.#byDirectory.get(watch.directory) === watch) this.#byDirectory.delete(watch.directory);
  }
}
