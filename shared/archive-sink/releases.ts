import { type BytePath, fromBytes } from '../fs/byte-path.ts';
import type { Fingerprint } from '../fs/fingerprint.ts';
import type { State } from '../state/open.ts';

/** A published file whose warehouse copy is to go. */
export type Release = {
  id: number;
  ledgerId: number;
  sinkId: number;
  routeId: number;
  archive: string;
  member: string;
  sha256: Buffer;
  sizeBytes: number;
  path: BytePath;
  fingerprint: Fingerprint;
};

type Row = Omit<Release, 'path'> & { path: Buffer };

const COLUMNS = `
  archive_deposits.id, ledger_id AS ledgerId, sink_id AS sinkId, ledger.route_id AS routeId, archive, member, archive_deposits.sha256,
  archive_deposits.size_bytes AS sizeBytes, path, fingerprint`;

/** Whether nobody needs the warehouse copy of the file of `archive_deposits` any more. */
const IS_FREE = `
  NOT EXISTS (
    SELECT 1 FROM jobs WHERE kind IN ('upload', 'archive') AND key = archive_deposits.path AND payload ->> 'ledger' = archive_deposits.ledger_id)
  AND NOT EXISTS (
    SELECT 1 FROM archive_deposits AS other WHERE other.ledger_id = archive_deposits.ledger_id AND other.id <> archive_deposits.id
      AND (other.state = 'staged' OR other.released_ms IS NOT NULL))
  AND NOT EXISTS (
    SELECT 1 FROM scanner LEFT JOIN load_task_files ON file_id = scanner.id
    WHERE scanner.ledger_id = archive_deposits.ledger_id AND ifnull(load_task_files.state, 'waiting') NOT IN ('loaded', 'present'))`;

/** The warehouse copies that archives have taken the place of. Every method that writes is to be called inside a transaction. */
export class Releases {
  readonly #due;
  readonly #removing;
  readonly #begin;
  readonly #removed;
  readonly #keep;
  readonly #isReleased;
  readonly #hasAny;

  constructor(state: State) {
    const page = (release: string, and: string) =>
      state.prepare<[number, number, number], Row>(`
        SELECT ${COLUMNS} FROM archive_deposits JOIN ledger ON ledger.id = ledger_id
        WHERE base_id = ? AND release = '${release}' AND archive_deposits.id > ? ${and} ORDER BY archive_deposits.id LIMIT ?`);
    this.#due = page('due', `AND ${IS_FREE}`);
    this.#removing = page('removing', '');
    this.#begin = state.prepare(`
      UPDATE archive_deposits SET release = 'removing', fingerprint = ?, released_ms = ? WHERE id = ? AND release = 'due' AND ${IS_FREE}`);
    this.#removed = state.prepare(
      "UPDATE archive_deposits SET release = 'removed' WHERE id = ? AND release = 'removing'",
    );
    this.#keep = state.prepare(
      "UPDATE archive_deposits SET release = NULL, released_ms = NULL WHERE id = ? AND release IN ('due', 'removing')",
    );
    this.#isReleased = state.prepare<[number]>(
      'SELECT 1 FROM archive_deposits WHERE ledger_id = ? AND released_ms IS NOT NULL',
    );
    this.#hasAny = state.prepare<[number]>(
      "SELECT 1 FROM archive_deposits WHERE base_id = ? AND release IN ('due', 'removing') LIMIT 1",
    );
  }

  /** Those that nothing else needs, by id, after `afterId`. */
  due(baseId: number, afterId: number, limit: number): Release[] {
    return this.#due.all(baseId, afterId, limit).map(releaseOf);
  }

  /** Those that were decided on, and may be there still: their holder is dead, or was in the middle of it. */
  removing(baseId: number, afterId: number, limit: number): Release[] {
    return this.#removing.all(baseId, afterId, limit).map(releaseOf);
  }

  /** From when this is durable the archive's copy is the one that counts. @returns false where somebody needs the file after all */
  begin(id: number, fingerprint: Fingerprint, nowMs: number): boolean {
    return this.#begin.run(fingerprint, nowMs, id).changes === 1;
  }

  /** It is gone from the warehouse. */
  removed(id: number): void {
    this.#removed.run(id);
  }

  /** It stays: it is not the file any more that was deposited, or is not there. */
  keep(id: number): void {
    this.#keep.run(id);
  }

  /** Whether a file of the ledger is not to be looked for in the warehouse any more. */
  isReleased(ledgerId: number): boolean {
    return this.#isReleased.get(ledgerId) !== undefined;
  }

  hasAny(baseId: number): boolean {
    return this.#hasAny.get(baseId) !== undefined;
  }
}

const releaseOf = (row: Row): Release => ({ ...row, path: fromBytes(row.path) });
