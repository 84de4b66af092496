import type { BigIntStats } from 'node:fs';
import { type BytePath, isWithin } from '../fs/byte-path.ts';
import { unsigned } from '../fs/fingerprint.ts';
import { lstatIfSeen } from '../fs/lstat.ts';
import type { State } from '../state/open.ts';
import { lazyTransaction } from '../state/transaction.ts';
import { createdAt, type NewRecord } from './file-record.ts';
import { FileRecords } from './file-records.ts';
import { type ServerPlace, serverPlace } from './server-places.ts';

/** Where a file is to go, as text. */
export type CopyTarget = { profile: string; bucket: string; key: string };

type File = { path: BytePath; nextPath: BytePath | undefined; stats: BigIntStats };

/**
 * What the state file says of copies. It is told to people and to `--wait`, and lets the server go on with the same record; the
 * directories are the truth, and a server with another state file does without. So nothing here waits for the disk.
 */
export class CopyRecords {
  readonly #state;
  readonly #records;
  readonly #lastOf;
  readonly #nowMs;

  constructor(state: State, nowMs: () => number) {
    this.#state = state;
    this.#records = new FileRecords(state);
    this.#lastOf = state
      .prepare<[string, string, string], number>(
        'SELECT id FROM file_records WHERE profile = (SELECT ?) AND bucket = (SELECT ?) AND filepath = (SELECT ?) ORDER BY id DESC LIMIT 1',
      )
      .pluck();
    this.#nowMs = nowMs;
  }

  /** Copies are complete in `incoming_tmp`. @returns the numbers of their records, in order */
  begin(copies: readonly { target: CopyTarget; file: File }[]): number[] {
    return lazyTransaction(this.#state, () =>
      copies.map(({ target, file }) =>
        this.#records.add(newRecord(target, 'incoming_tmp', file), this.#nowMs()),
      ),
    );
  }

  /** Some of these were moved to `incoming`, and others were not after all. */
  settle(arrived: readonly { id: number; path: BytePath }[], withdrawn: readonly number[]): void {
    lazyTransaction(this.#state, () => {
      for (const { id, path } of arrived) this.#records.arrived(id, path, this.#nowMs());
      for (const id of withdrawn)
        if (this.#records.byId(id)?.state === 'incoming_tmp') this.#records.withdraw(id);
    });
  }

  /** The record of a file that waited in `incoming` a moment ago; added where there is none. */
  ofWaiting(target: CopyTarget, path: BytePath): number | undefined {
    const stats = lstatIfSeen(path);
    return lazyTransaction(this.#state, () => {
      const known =
        stats === undefined ? undefined : this.#records.openOfInode(unsigned(stats.dev), unsigned(stats.ino));
      if (known !== undefined) return known.id;
      // A server that has it in hand by now has recorded that before it moved it.
      if (stats === undefined || lstatIfSeen(path)?.ino !== stats.ino)
        return this.#lastOf.get(target.profile, target.bucket, target.key);
      const file = { path, nextPath: undefined, stats };
      return this.#records.add(newRecord(target, 'incoming', file), this.#nowMs());
    });
  }

  /** A file in `incoming` that no server had in hand is no more. */
  gone(stats: BigIntStats, reason: string): void {
    lazyTransaction(this.#state, () => {
      const known = this.#records.openOfInode(unsigned(stats.dev), unsigned(stats.ino));
      if (known === undefined || known.state !== 'incoming' || known.jobId !== undefined) return;
      this.#records.close(known.id, { state: 'gone', reason, path: known.path }, this.#nowMs());
    });
  }

  /** The same by the number of its record. @returns whether that was so */
  lost(id: number, reason: string): boolean {
    return lazyTransaction(this.#state, () => {
      const known = this.#records.byId(id);
      if (known === undefined || known.state !== 'incoming' || known.jobId !== undefined) return false;
      this.#records.close(id, { state: 'gone', reason, path: known.path }, this.#nowMs());
      return true;
    });
  }

  /**
   * Brings the records of copies that died up to what the directories say. A copy that lives keeps its own: its file is under one of its two
   * names at every moment.
   */
  settleDead(serverDirectory: BytePath): void {
    const place: ServerPlace = 'incoming_tmp';
    const root = serverPlace(serverDirectory, place);
    lazyTransaction(this.#state, () => {
      for (const { id, path, nextPath, device, inode } of this.#records.ofCopies()) {
        const isAt = (name: BytePath): boolean => {
          const stats = lstatIfSeen(name);
          return stats !== undefined && unsigned(stats.dev) === device && unsigned(stats.ino) === inode;
        };
        // In the order in which it is renamed.
        if (!isWithin(root, path) || isAt(path)) continue;
        if (nextPath !== undefined && isAt(nextPath)) this.#records.arrived(id, nextPath, this.#nowMs());
        else this.#records.close(id, { state: 'gone', reason: DIED, path }, this.#nowMs());
      }
    });
  }
}

const DIED = 'its copy ended before it was moved to incoming, and was removed';

const newRecord = (
  { profile, bucket, key }: CopyTarget,
  state: 'incoming_tmp' | 'incoming',
  { path, nextPath, stats }: File,
): NewRecord => ({
  profile,
  bucket,
  filepath: key,
  createdAt: createdAt(stats),
  state,
  bucketId: undefined,
  sinkId: 0,
  jobId: undefined,
  path,
  nextPath,
  device: unsigned(stats.dev),
  inode: unsigned(stats.ino),
  sizeBytes: Number(stats.size),
  mtimeNs: stats.mtimeNs,
  ledgerId: undefined,
});
