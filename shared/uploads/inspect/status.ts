import type { State } from '../../state/open.ts';
import { RECORD_STATES, type RecordState } from '../file-record.ts';

/** What is known of one bucket of one profile. */
export type BucketStatus = {
  profile: string;
  bucket: string;
  /** Stays in each state. */
  files: Record<RecordState, number>;
  bytes: number;
  /** Why nothing is sent to it at present; undefined where it can be sent to. */
  closed: { reason: string; untilMs: number } | undefined;
  /** Why files wait, the most frequent reasons first, a few of them. */
  waiting: { reason: string; files: number }[];
};

export type UploadStatus = {
  buckets: BucketStatus[];
  /** Jobs that no worker has looked at yet: their files have no record. */
  untaken: number;
};

const MOST_REASONS = 5;

type CountRow = { profile: string; bucket: string; current_state: RecordState; files: number; bytes: number };
type ReasonRow = { profile: string; bucket: string; reason: string; files: number };
type ClosedRow = { profile: string; bucket: string; closed_until_ms: number; reason: string | null };

/** Reads at one moment how many files are where, and what they wait for. Only reads; counting takes time with many files. */
export function readUploadStatus(state: State, nowMs: number): UploadStatus {
  const counts = state.prepare<[], CountRow>(`
    SELECT profile, bucket, current_state, count(*) AS files, sum(size_bytes) AS bytes FROM file_records
    GROUP BY profile, bucket, current_state`);
  const reasons = state.prepare<[], ReasonRow>(`
    SELECT profile, bucket, reason, count(*) AS files FROM file_records
    WHERE current_state IN ('incoming', 'processing') AND reason IS NOT NULL
    GROUP BY profile, bucket, reason ORDER BY files DESC`);
  const closed = state.prepare<[number], ClosedRow>(
    'SELECT profile, bucket, closed_until_ms, reason FROM buckets WHERE closed_until_ms > ?',
  );
  const untaken = state
    .prepare<[], number>(`
      SELECT count(*) FROM jobs WHERE kind = 'upload' AND state <> 'failed'
        AND NOT EXISTS (SELECT 1 FROM file_records WHERE job_id = jobs.id)`)
    .pluck();
  return state
    .transaction(() => {
      const buckets = new Map<string, BucketStatus>();
      const of = ({ profile, bucket }: { profile: string; bucket: string }): BucketStatus => {
        const key = `${profile}/${bucket}`;
        const found = buckets.get(key) ?? emptyStatus(profile, bucket);
        buckets.set(key, found);
        return found;
      };
      for (const row of counts.all()) {
        const status = of(row);
        status.files[row.current_state] = row.files;
        if (row.current_state !== 'gone') status.bytes += row.bytes;
      }
      for (const row of reasons.all()) {
        const { waiting } = of(row);
        if (waiting.length < MOST_REASONS) waiting.push({ reason: row.reason, files: row.files });
      }
      for (const row of closed.all(nowMs))
        of(row).closed = { reason: row.reason ?? '', untilMs: row.closed_until_ms };
      return { buckets: [...buckets.values()], untaken: untaken.get() ?? 0 };
    })
    .deferred();
}

const emptyStatus = (profile: string, bucket: string): BucketStatus => ({
  profile,
  bucket,
  files: Object.fromEntries(RECORD_STATES.map((name) => [name, 0])) as Record<RecordState, number>,
  bytes: 0,
  closed: undefined,
  waiting: [],
});
