import type { ArchivePath } from '../archives/contract.ts';
import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';
import type { Fingerprint } from '../fs/fingerprint.ts';
import type { State } from '../state/open.ts';

/** A file whose deposit was acknowledged. */
export type NewDeposit = {
  ledgerId: number;
  sinkId: number;
  baseId: number;
  to: ArchivePath;
  sha256: Buffer;
  sizeBytes: number;
  /** In the warehouse. */
  path: BytePath;
  /** Of that file when it was read. */
  fingerprint: Fingerprint;
  /** Its staging archive, without turn and suffix. */
  staging: string;
};

/** One that waits to be found in its archive. */
export type StagedDeposit = {
  id: number;
  ledgerId: number;
  sinkId: number;
  archive: string;
  member: string;
  sha256: Buffer;
  sizeBytes: number;
  path: BytePath;
  staging: string;
};

type StagedRow = Omit<StagedDeposit, 'path'> & { path: Buffer };

const STAGED = `
  SELECT id, ledger_id AS ledgerId, sink_id AS sinkId, archive, member, sha256, size_bytes AS sizeBytes, path, staging
  FROM archive_deposits WHERE base_id = ? AND state = 'staged'`;

/** What was deposited, and whether it is in its archive by now. Every method that writes is to be called inside a transaction. */
export class Deposits {
  readonly #stage;
  readonly #isPublished;
  readonly #nextArchive;
  readonly #page;
  readonly #publish;
  readonly #takeBack;
  readonly #oldestStaged;
  readonly #lastId;

  constructor(state: State) {
    this.#stage = state.prepare(`
      INSERT INTO archive_deposits
        (ledger_id, sink_id, base_id, archive, member, sha256, size_bytes, path, fingerprint, staging, state, staged_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'staged', ?)
      ON CONFLICT (ledger_id, sink_id) DO UPDATE SET
        base_id = excluded.base_id, archive = excluded.archive, member = excluded.member, path = excluded.path,
        fingerprint = excluded.fingerprint, staging = excluded.staging, staged_ms = excluded.staged_ms
      WHERE state = 'staged'`);
    this.#isPublished = state.prepare<[number, number]>(
      "SELECT 1 FROM archive_deposits WHERE ledger_id = ? AND sink_id = ? AND state = 'published'",
    );
    this.#nextArchive = state
      .prepare<[number, string], string>(`
        SELECT archive FROM archive_deposits WHERE base_id = ? AND state = 'staged' AND archive > ? ORDER BY archive LIMIT 1`)
      .pluck();
    this.#page = state.prepare<[number, string, number, number, number], StagedRow>(
      `${STAGED} AND archive = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?`,
    );
    this.#publish = state.prepare(`
      UPDATE archive_deposits SET state = 'published', volume = ?, stored_as = ?, published_ms = ?, release = ?
      WHERE id = ? AND state = 'staged'`);
    this.#takeBack = state.prepare(
      "DELETE FROM archive_deposits WHERE id = ? AND staging = ? AND state = 'staged'",
    );
    this.#lastId = state.prepare<[], number>('SELECT ifnull(max(id), 0) FROM archive_deposits').pluck();
    this.#oldestStaged = state
      .prepare<[number], number | null>(
        "SELECT min(staged_ms) FROM archive_deposits WHERE base_id = ? AND state = 'staged'",
      )
      .pluck();
  }

  /** Records a deposit, or that it was made once more. One that is published stays so. */
  stage({ to, ...deposit }: NewDeposit, nowMs: number): void {
    const { ledgerId, sinkId, baseId, sha256, sizeBytes, path, fingerprint, staging } = deposit;
    const { archive, member } = to;
    this.#stage.run(
      ...[ledgerId, sinkId, baseId, archive, member, sha256, sizeBytes],
      ...[toBytes(path), fingerprint, staging, nowMs],
    );
  }

  isPublished(ledgerId: number, sinkId: number): boolean {
    return this.#isPublished.get(ledgerId, sinkId) !== undefined;
  }

  /** The archives of a base that something is staged for, in the order of their names: the first after `after`. */
  nextArchive(baseId: number, after: string): string | undefined {
    return this.#nextArchive.get(baseId, after);
  }

  /** What is staged for an archive, by id, after `afterId` and up to `lastId`. */
  staged(
    baseId: number,
    archive: string,
    { afterId, lastId }: { afterId: number; lastId: number },
    limit: number,
  ): StagedDeposit[] {
    return this.#page
      .all(baseId, archive, afterId, lastId, limit)
      .map((row) => ({ ...row, path: fromBytes(row.path) }));
  }

  /** It was found in its archive. @returns false where it is known already, or was taken back */
  publish(
    id: number,
    { volume, storedAs }: { volume: string; storedAs: string },
    releases: boolean,
    nowMs: number,
  ): boolean {
    return this.#publish.run(volume, storedAs, nowMs, releases ? 'due' : null, id).changes === 1;
  }

  /** Its deposit is lost: as if it had never been made. @returns false where it was made once more meanwhile, or is published */
  takeBack({ id, staging }: Pick<StagedDeposit, 'id' | 'staging'>): boolean {
    return this.#takeBack.run(id, staging).changes === 1;
  }

  /** Of any base: what is recorded later has a higher one. */
  lastId(): number {
    return this.#lastId.get() ?? 0;
  }

  /** When the oldest of those that are staged was deposited; undefined where none is. */
  oldestStagedMs(baseId: number): number | undefined {
    return this.#oldestStaged.get(baseId) ?? undefined;
  }
}
