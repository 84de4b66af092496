import type { Multipart, Part } from '../object-store/multipart.ts';
import type { State } from '../state/open.ts';
import type { BucketName } from './buckets.ts';

/** One object of one stay. */
export type ObjectRow = {
  id: number;
  recordId: number;
  /** Its name in the archive that it came in; '' where the file is one object. */
  member: string;
  key: string;
  isSent: boolean;
  sizeBytes: number | undefined;
  sha256: string | undefined;
  etag: string | undefined;
  checksum: { algorithm: 'SHA256'; value: string } | undefined;
  /** When an upload in parts was asked for whose id is not known. */
  askedMs: number | undefined;
  uploadId: string | undefined;
  partBytes: number | undefined;
};

export type AbandonedObject = ObjectRow & { bucket: BucketName };

export type SentObject = Required<Pick<ObjectRow, 'sizeBytes' | 'sha256' | 'etag' | 'checksum'>>;

type Row = {
  id: number;
  record_id: number;
  member: string;
  key: string;
  state: 'sending' | 'sent';
  size_bytes: number | null;
  sha256: string | null;
  etag: string | null;
  checksum: string | null;
  asked_ms: number | null;
  upload_id: string | null;
  part_bytes: number | null;
};

/**
 * The objects that a file becomes, and how far an upload in parts has come, so that it goes on there after any crash. Every method
 * that writes is to be called inside a transaction.
 */
export class Objects {
  readonly #add;
  readonly #ofRecord;
  readonly #ofMember;
  readonly #lastSent;
  readonly #asking;
  readonly #began;
  readonly #part;
  readonly #parts;
  readonly #forgetParts;
  readonly #ended;
  readonly #sent;
  readonly #abandoned;

  constructor(state: State) {
    this.#add = state.prepare(
      "INSERT INTO objects (record_id, member, key, state) VALUES (?, ?, ?, 'sending') ON CONFLICT (record_id, member) DO NOTHING",
    );
    this.#ofMember = state.prepare<[number, string], Row>(
      'SELECT * FROM objects WHERE record_id = ? AND member = ?',
    );
    this.#ofRecord = state.prepare<[number], Row>('SELECT * FROM objects WHERE record_id = ? ORDER BY id');
    // Parameters in a SELECT of their own, so that it is compiled once: see `FileRecords`.
    this.#lastSent = state.prepare<[string, number], Row>(`
      SELECT objects.* FROM objects JOIN file_records ON file_records.id = record_id
      WHERE key = (SELECT ?) AND objects.state = 'sent' AND bucket_id = (SELECT ?) ORDER BY objects.id DESC LIMIT 1`);
    this.#asking = state.prepare('UPDATE objects SET asked_ms = ? WHERE id = ?');
    this.#began = state.prepare(
      'UPDATE objects SET asked_ms = NULL, upload_id = ?, part_bytes = ? WHERE id = ?',
    );
    this.#part = state.prepare(`
      INSERT INTO object_parts (object_id, number, part) VALUES (?, ?, ?)
      ON CONFLICT (object_id, number) DO UPDATE SET part = excluded.part`);
    this.#parts = state
      .prepare<[number], string>('SELECT part FROM object_parts WHERE object_id = ? ORDER BY number')
      .pluck();
    this.#forgetParts = state.prepare('DELETE FROM object_parts WHERE object_id = ?');
    this.#ended = state.prepare(
      'UPDATE objects SET asked_ms = NULL, upload_id = NULL, part_bytes = NULL WHERE id = ?',
    );
    this.#sent = state.prepare(`
      INSERT INTO objects (record_id, member, key, state, size_bytes, sha256, etag, checksum) VALUES (?, ?, ?, 'sent', ?, ?, ?, ?)
      ON CONFLICT (record_id, member) DO UPDATE SET
        state = 'sent', size_bytes = excluded.size_bytes, sha256 = excluded.sha256, etag = excluded.etag, checksum = excluded.checksum`);
    this.#abandoned = state.prepare<[number], Row & BucketName>(`
      SELECT objects.*, buckets.credentials, buckets.profile, buckets.bucket
      FROM objects INDEXED BY objects_unfinished
        CROSS JOIN file_records ON file_records.id = record_id JOIN buckets ON buckets.id = bucket_id
      WHERE (upload_id IS NOT NULL OR asked_ms IS NOT NULL) AND current_state IN ('completed', 'failed', 'gone')
        AND NOT EXISTS (
          SELECT 1 FROM objects AS other JOIN file_records AS stay ON stay.id = other.record_id
          WHERE other.state = 'sending' AND other.key = objects.key AND stay.bucket_id = file_records.bucket_id
            AND stay.current_state IN ('incoming', 'processing'))
      ORDER BY objects.id LIMIT ?`);
  }

  /** The object of a member, which is added where it is new. Its key stays what it was. */
  of(recordId: number, member: string, key: string): ObjectRow {
    this.#add.run(recordId, member, key);
    const row = this.#ofMember.get(recordId, member);
    if (row === undefined) throw new Error('an object that was added is there');
    return objectOf(row);
  }

  ofRecord(recordId: number): ObjectRow[] {
    return this.#ofRecord.all(recordId).map(objectOf);
  }

  /** What was sent last under this key of a bucket. */
  lastSent(bucketId: number, key: string): ObjectRow | undefined {
    const row = this.#lastSent.get(key, bucketId);
    return row === undefined ? undefined : objectOf(row);
  }

  /** What an earlier attempt left on the server. */
  multipartOf({ id, uploadId, partBytes }: ObjectRow): Multipart | undefined {
    if (uploadId === undefined || partBytes === undefined) return undefined;
    return { uploadId, partBytes, parts: this.#parts.all(id).map((part) => JSON.parse(part) as Part) };
  }

  asking(id: number, nowMs: number): void {
    this.#asking.run(nowMs, id);
  }

  began(id: number, uploadId: string, partBytes: number): void {
    this.#forgetParts.run(id);
    this.#began.run(uploadId, partBytes, id);
  }

  part(id: number, part: Part): void {
    this.#part.run(id, part.number, JSON.stringify(part));
  }

  /** There is no upload in parts any more: completed, aborted, or unknown to the server. */
  ended(id: number): void {
    this.#forgetParts.run(id);
    this.#ended.run(id);
  }

  /** The object of a member is whole on the server. One that is on record keeps its key. */
  sent(recordId: number, member: string, key: string, object: SentObject): void {
    const { sizeBytes, sha256, etag, checksum } = object;
    const sum = checksum === undefined ? null : JSON.stringify(checksum);
    this.#sent.run(recordId, member, key, sizeBytes, sha256, etag, sum);
  }

  /** Those whose stay is over, and that have left an upload in parts; not while another stay sends to their key. */
  abandoned(limit: number): AbandonedObject[] {
    return this.#abandoned.all(limit).map((row) => {
      const { credentials, profile, bucket } = row;
      return { ...objectOf(row), bucket: { credentials, profile, bucket } };
    });
  }
}

const objectOf = (row: Row): ObjectRow => ({
  id: row.id,
  recordId: row.record_id,
  member: row.member,
  key: row.key,
  isSent: row.state === 'sent',
  sizeBytes: row.size_bytes ?? undefined,
  sha256: row.sha256 ?? undefined,
  etag: row.etag ?? undefined,
  checksum: row.checksum === null ? undefined : JSON.parse(row.checksum),
  askedMs: row.asked_ms ?? undefined,
  uploadId: row.upload_id ?? undefined,
  partBytes: row.part_bytes ?? undefined,
});
