import { type BytePath, fromBytes, toBytes } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import type { RecordState } from '../file-record.ts';

/** One stay as a person asks about it, with all that belongs to it. */
export type Stay = {
  id: number;
  profile: string;
  bucket: string;
  filepath: string;
  createdAt: string;
  state: RecordState;
  outcome: 'success' | 'failure' | undefined;
  attempt: number;
  reason: string | undefined;
  retries: number;
  sizeBytes: number;
  /** Where the file is, or was last. */
  path: BytePath;
  states: { state: RecordState; at: string }[];
  attempts: {
    number: number;
    startedAt: string;
    endedAt: string;
    outcome: string;
    error: string | undefined;
  }[];
  objects: { key: string; isSent: boolean; sizeBytes: number | undefined; sha256: string | undefined }[];
};

type Row = {
  id: number;
  profile: string;
  bucket: string;
  filepath: string;
  file_creation_date: string;
  current_state: RecordState;
  upload_outcome: 'success' | 'failure' | null;
  attempt: number;
  reason: string | null;
  retries: number;
  size_bytes: number;
  path: Buffer;
};

const STAYS = `
  SELECT id, profile, bucket, filepath, file_creation_date, current_state, upload_outcome, attempt, reason, retries, size_bytes,
    CASE WHEN current_state IN ('incoming', 'processing') THEN ifnull(next_path, path) ELSE path END AS path
  FROM file_records`;

/** Looks up the stays of a file on its way to object storage. Read only. */
export class StayFinder {
  readonly #ofLedger;
  readonly #byPath;
  readonly #byContent;
  readonly #states;
  readonly #attempts;
  readonly #objects;

  constructor(state: State) {
    this.#ofLedger = state.prepare<[number], Row>(`${STAYS} WHERE ledger_id = ? ORDER BY id`);
    this.#byPath = state.prepare<[Buffer, Buffer], Row>(
      `${STAYS} WHERE path = ? OR next_path = ? ORDER BY id`,
    );
    this.#byContent = state.prepare<[string], Row>(
      `${STAYS} WHERE id IN (SELECT record_id FROM objects WHERE sha256 LIKE ? || '%') ORDER BY id`,
    );
    this.#states = state.prepare<[number], Stay['states'][number]>(
      'SELECT state, at FROM file_states WHERE record_id = ? ORDER BY rowid',
    );
    this.#attempts = state.prepare<
      [number],
      Omit<Stay['attempts'][number], 'error'> & { error: string | null }
    >(`
      SELECT number, started_at AS startedAt, ended_at AS endedAt, outcome, error FROM upload_attempts WHERE record_id = ? ORDER BY number`);
    this.#objects = state.prepare<
      [number],
      { key: string; state: string; size_bytes: number | null; sha256: string | null }
    >('SELECT key, state, size_bytes, sha256 FROM objects WHERE record_id = ? ORDER BY id');
  }

  /** Of a file in the warehouse, by its row in the ledger. */
  ofLedger(ledgerId: number): Stay[] {
    return this.#ofLedger.all(ledgerId).map((row) => this.#stayOf(row));
  }

  /** By where the file is or was last: reads the whole table. */
  byPath(path: BytePath): Stay[] {
    return this.#byPath.all(toBytes(path), toBytes(path)).map((row) => this.#stayOf(row));
  }

  /** By the first digits of the sha256 of one of its objects: reads the whole table. */
  byContent(digits: string): Stay[] {
    return this.#byContent.all(digits).map((row) => this.#stayOf(row));
  }

  #stayOf(row: Row): Stay {
    return {
      id: row.id,
      profile: row.profile,
      bucket: row.bucket,
      filepath: row.filepath,
      createdAt: row.file_creation_date,
      state: row.current_state,
      outcome: row.upload_outcome ?? undefined,
      attempt: row.attempt,
      reason: row.reason ?? undefined,
      retries: row.retries,
      sizeBytes: row.size_bytes,
      path: fromBytes(row.path),
      states: this.#states.all(row.id),
      attempts: this.#attempts.all(row.id).map((each) => ({ ...each, error: each.error ?? undefined })),
      objects: this.#objects.all(row.id).map(({ key, state, size_bytes, sha256 }) => ({
        key,
        isSent: state === 'sent',
        sizeBytes: size_bytes ?? undefined,
        sha256: sha256 ?? undefined,
      })),
    };
  }
}
