import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { toSigned, toUnsigned } from './integers.ts';

/** A sidecar by name, inode and ctime, so that a later one of the same name, or one that was written anew, is told from it. */
export type SidecarFile = { path: BytePath; device: bigint; inode: bigint; ctimeNs: bigint };

export type SidecarRemoval = SidecarFile & { id: number };

type Row = { id: bigint; path: Buffer; device: bigint; inode: bigint; ctime_ns: bigint };

/**
 * Sidecars whose file is committed and that are still to be removed. Added in the transaction that commits the file, so that a crash
 * before the removal neither forgets one nor lets it complete a later file of the same name.
 */
export class SidecarRemovals {
  readonly #add;
  readonly #has;
  readonly #pending;
  readonly #done;

  constructor(state: State) {
    this.#add = state.prepare(
      'INSERT INTO sidecar_removals (path, device, inode, ctime_ns) VALUES (?, ?, ?, ?)',
    );
    this.#has = state
      .prepare<[Buffer, bigint, bigint, bigint], number>(
        'SELECT 1 FROM sidecar_removals WHERE path = ? AND device = ? AND inode = ? AND ctime_ns = ?',
      )
      .pluck();
    this.#pending = state
      .prepare<[number], Row>(
        'SELECT id, path, device, inode, ctime_ns FROM sidecar_removals ORDER BY id LIMIT ?',
      )
      .safeIntegers();
    this.#done = state.prepare('DELETE FROM sidecar_removals WHERE id = ?');
  }

  add({ path, device, inode, ctimeNs }: SidecarFile): void {
    this.#add.run(toBytes(path), toSigned(device), toSigned(inode), ctimeNs);
  }

  /** Whether what is at `path` belongs to a file that is committed, and so says nothing about any other. */
  isPending({ path, device, inode, ctimeNs }: SidecarFile): boolean {
    return this.#has.get(toBytes(path), toSigned(device), toSigned(inode), ctimeNs) !== undefined;
  }

  /** The oldest. */
  pending(limit: number): SidecarRemoval[] {
    return this.#pending.all(limit).map((row) => ({
      id: Number(row.id),
      path: fromBytes(row.path),
      device: toUnsigned(row.device),
      inode: toUnsigned(row.inode),
      ctimeNs: row.ctime_ns,
    }));
  }

  /** It is removed, or is not to be any more. Idempotent. */
  done(id: number): void {
    this.#done.run(id);
  }
}
