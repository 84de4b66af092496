import { closeSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import koffi from 'koffi';
import { errnoOf } from '../errors.ts';
import { type BytePath, toCString } from '../fs/byte-path.ts';
import { EINVAL, lastErrno, lazily, libcFunction } from './libc.ts';
import { systemCallError } from './system-call-error.ts';

export type InotifyEvent = {
  /** Of `add`; -1 of an overflow. */
  wd: number;
  /** Bits of `IN`. */
  mask: number;
  /** The same for the two events of one rename, else 0. */
  cookie: number;
  /** In the directory; '' where the event is about the directory itself. */
  name: BytePath | '';
};

/** What may be asked for, and what events carry; see inotify(7). */
export const IN = {
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE_WRITE: 0x8,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  /** The file system was unmounted; IGNORED follows. */
  UNMOUNT: 0x2000,
  /** Events were lost: what they would have said has to be looked up. */
  Q_OVERFLOW: 0x4000,
  /** The watch is gone: removed, or its directory was. */
  IGNORED: 0x8000,
  /** The name is a directory's. */
  ISDIR: 0x40000000,
} as const;

const ONLYDIR = 0x1000000;
const DONT_FOLLOW = 0x2000000;
/** No more events of files whose name is gone, which some writer still has open. */
const EXCL_UNLINK = 0x4000000;

/**
 * All that can complete a file or bring a name, and the loss of the directory. Not MODIFY: it comes with each
 * write.
 */
export const ARRIVALS = IN.CLOSE_WRITE | IN.MOVED_TO | IN.CREATE | IN.DELETE_SELF | IN.MOVE_SELF;

// The same numbers on x86-64 and arm64.
const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;

/** struct inotify_event { int wd; u32 mask; u32 cookie; u32 length; char name[length]; } */
const HEADER_BYTES = 16;
const GREATEST_EVENT_BYTES = HEADER_BYTES + 256;
const BLOCK_BYTES = 64 * 1024;
/** Of one `read`: some 8,000 events. */
const MOST_BLOCKS = 4;

type PollHandle = ReturnType<typeof koffi.node.poll>;

/**
 * Watches directories. Events are hints: some file systems send none, and any may be lost in an overflow.
 *
 * The descriptor is polled by Node's event loop itself. Not by a read on a thread, which would hold up the
 * end of the process; not by SIGIO, which comes for each event of a storm, and for broken leases as well.
 *
 * While it is open it keeps the process alive.
 */
export class Inotify implements Disposable {
  readonly #fd: number;
  readonly #poll: PollHandle;
  readonly #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #closed = false;

  /**
   * @param onReadable called in a turn of its own as long as there are events, again and again until `read`
   * has taken all
   * @throws as node:fs does: EMFILE where this user has no more instances, or the process no more descriptors
   */
  constructor({ onReadable }: { onReadable: () => void }) {
    if (endianness() !== 'LE') throw new Error('events are read as little-endian');
    this.#fd = libcFunction('int inotify_init1(int)')(IN_NONBLOCK | IN_CLOEXEC);
    if (this.#fd === -1) throw systemCallError(lastErrno(), 'inotify_init1');
    let scheduled = false;
    this.#poll = koffi.node.poll(this.#fd, { readable: true }, () => {
      if (scheduled) return;
      scheduled = true;
      // koffi calls from outside of a callback scope: promises would not go on, and an error would be lost.
      setImmediate(() => {
        scheduled = false;
        if (!this.#closed) onReadable();
      });
    });
  }

  /**
   * Watches one directory, not those below it. Idempotent: the same directory, by whatever path, has the same
   * number.
   *
   * @param followLink for a directory that a person named; else a symlink is ENOTDIR
   * @returns the number that its events carry. Numbers are not used twice.
   * @throws as node:fs does: ENOSPC where this user has no more watches, ENOENT, ENOTDIR, EACCES, …
   */
  add(
    directory: BytePath,
    { mask = ARRIVALS, followLink = false }: { mask?: number; followLink?: boolean } = {},
  ): number {
    this.#assertOpen();
    const flags = ONLYDIR | EXCL_UNLINK | (followLink ? 0 : DONT_FOLLOW);
    const wd: number = addWatch()(this.#fd, toCString(directory), mask | flags);
    if (wd === -1) throw systemCallError(lastErrno(), 'inotify_add_watch', directory);
    return wd;
  }

  /** Ends a watch; IGNORED follows, and events from before may. One that is gone already is no error. */
  remove(wd: number): void {
    this.#assertOpen();
    if (removeWatch()(this.#fd, wd) === 0) return;
    const errno = lastErrno();
    if (errno !== EINVAL) throw systemCallError(errno, 'inotify_rm_watch');
  }

  /** The events there are now, in their order, up to some thousands; never waits. */
  read(): InotifyEvent[] {
    this.#assertOpen();
    const events: InotifyEvent[] = [];
    for (let blocks = 0; blocks < MOST_BLOCKS; blocks += 1) {
      const bytes = this.#readBlock();
      parseEvents(this.#block, bytes, events);
      // Another event would have had room: there is none.
      if (bytes < BLOCK_BYTES - GREATEST_EVENT_BYTES) break;
    }
    return events;
  }

  /** Ends all watches. May be called twice; `onReadable` is not called any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readBlock(): number {
    try {
      return readSync(this.#fd, this.#block, 0, BLOCK_BYTES, null);
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0;
      throw error;
    }
  }

  /** The descriptor's number may belong to another file by now. */
  #assertOpen(): void {
    if (this.#closed) throw new Error('inotify is closed');
  }
}

const addWatch = lazily(() => libcFunction('int inotify_add_watch(int, const void*, uint32_t)'));
const removeWatch = lazily(() => libcFunction('int inotify_rm_watch(int, int)'));

function parseEvents(block: Buffer, bytes: number, events: InotifyEvent[]): void {
  for (let at = 0; at < bytes; ) {
    const from = at + HEADER_BYTES;
    const next = from + block.readUInt32LE(at + 12);
    // Names are filled up with NULs, by at least one.
    const name = next === from ? '' : (block.toString('latin1', from, block.indexOf(0, from)) as BytePath);
    events.push({
      wd: block.readInt32LE(at),
      mask: block.readUInt32LE(at + 4),
      cookie: block.readUInt32LE(at + 8),
      name,
    });
    at = next;
  }
}
