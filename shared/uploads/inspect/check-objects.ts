import { fromText } from '../../fs/byte-path.ts';
import type { Report } from '../../ledger/verify/finding.ts';
import { failureOf } from '../../object-store/failure.ts';
import type { ObjectStore } from '../../object-store/store.ts';
import { check } from '../../object-store/verify.ts';
import type { State } from '../../state/open.ts';

export type CheckObjectsOptions = {
  state: State;
  report: Report;
  /** The connection to a profile. Throws where there is none. */
  storeOf(credentials: string, profile: string): ObjectStore;
  signal: AbortSignal;
};

type Row = {
  id: number;
  credentials: string;
  profile: string;
  bucket: string;
  key: string;
  size_bytes: number;
  etag: string;
  checksum: string | null;
};

const PAGE = 500;
const AT_A_TIME = 16;

/**
 * Asks each server for each object that was uploaded, and compares size and checksum; of a key that was sent several times, the last. Changes
 * nothing; memory does not grow with their number. A server that does not answer is a note and no disagreement, once a bucket: its other
 * objects are not asked for.
 *
 * @returns how many objects were asked for
 */
export async function checkObjects({ state, report, storeOf, signal }: CheckObjectsOptions): Promise<number> {
  const page = state.prepare<[number], Row>(`
    SELECT objects.id, credentials, buckets.profile, buckets.bucket, key, objects.size_bytes, etag, checksum
    FROM objects JOIN file_records ON file_records.id = record_id JOIN buckets ON buckets.id = bucket_id
    WHERE objects.state = 'sent' AND upload_outcome = 'success' AND objects.id > ?
      AND NOT EXISTS (
        SELECT 1 FROM objects AS later JOIN file_records AS other ON other.id = later.record_id
        WHERE later.key = objects.key AND later.state = 'sent' AND other.bucket_id = buckets.id AND later.id > objects.id)
    ORDER BY objects.id LIMIT ${PAGE}`);
  const silent = new Set<string>();
  let asked = 0;
  for (let after = 0; ; ) {
    const rows = page.all(after);
    const last = rows.at(-1);
    if (last === undefined) return asked;
    after = last.id;
    for (let at = 0; at < rows.length; at += AT_A_TIME) {
      const group = rows.slice(at, at + AT_A_TIME);
      await Promise.all(group.map((row) => checkOne(row, { report, storeOf, signal, silent })));
      asked += group.length;
      report.progress({ step: 'objects', done: asked, total: undefined });
    }
  }
}

type Context = Pick<CheckObjectsOptions, 'report' | 'storeOf' | 'signal'> & { silent: Set<string> };

async function checkOne(row: Row, { report, storeOf, signal, silent }: Context): Promise<void> {
  const { credentials, profile, bucket, key, size_bytes: sizeBytes, etag } = row;
  const place = `s3://${profile}/${bucket}`;
  if (silent.has(place)) return;
  const path = fromText(`${place}/${key}`);
  const checksum = row.checksum === null ? undefined : JSON.parse(row.checksum);
  try {
    const found = await check(
      storeOf(credentials, profile),
      { bucket, key },
      { sizeBytes, etag, checksum },
      signal,
    );
    if (found.is === 'missing')
      report.finding({ problem: 'missing-object', path, detail: 'it was uploaded and is not in its bucket' });
    if (found.is === 'differs') report.finding({ problem: 'different-object', path, detail: found.detail });
    if (found.is === 'unasked') quiet(found.reason);
  } catch (error) {
    const failure = failureOf(error);
    const reason = failure?.reason ?? (isCredentials(error) ? error.message : undefined);
    if (reason === undefined) throw error;
    quiet(reason);
  }
  function quiet(reason: string): void {
    if (silent.has(place)) return;
    silent.add(place);
    report.note({
      note: 'unasked-objects',
      path: fromText(place),
      detail: `its objects were not compared: ${reason}`,
    });
  }
}

const isCredentials = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('credentials.');
