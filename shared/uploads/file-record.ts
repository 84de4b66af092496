import { type BytePath, fromBytes } from '../fs/byte-path.ts';
import { toUnsigned } from '../ledger/integers.ts';

export const RECORD_STATES = [
  'incoming_tmp',
  'incoming',
  'processing',
  'completed',
  'failed',
  'gone',
] as const;
export type RecordState = (typeof RECORD_STATES)[number];

/** What makes a stay one: with `attempt`, since the same file may come again. */
export type StayName = { profile: string; bucket: string; filepath: string; createdAt: string };

/** A stay that begins. Device and inode as the kernel tells them. */
export type NewRecord = StayName & {
  state: 'incoming_tmp' | 'incoming' | 'processing';
  bucketId: number | undefined;
  sinkId: number;
  jobId: number | undefined;
  /** Where the file is; where `nextPath` is given perhaps there already. */
  path: BytePath;
  nextPath: BytePath | undefined;
  device: bigint;
  inode: bigint;
  sizeBytes: number;
  mtimeNs: bigint;
  ledgerId: number | undefined;
};

export type FileRecord = Omit<NewRecord, 'state'> & {
  id: number;
  state: RecordState;
  outcome: 'success' | 'failure' | undefined;
  attempt: number;
  reason: string | undefined;
  retries: number;
};

/** As the table has it. */
export type FileRecordRow = {
  id: bigint;
  profile: string;
  bucket: string;
  filepath: string;
  file_creation_date: string;
  current_state: RecordState;
  upload_outcome: 'success' | 'failure' | null;
  attempt: bigint;
  reason: string | null;
  retries: bigint;
  bucket_id: bigint | null;
  sink_id: bigint;
  job_id: bigint | null;
  path: Buffer;
  next_path: Buffer | null;
  device: bigint;
  inode: bigint;
  size_bytes: bigint;
  mtime_ns: bigint;
  ledger_id: bigint | null;
};

/** Of a row. */
export const RECORD_COLUMNS = `
  id, profile, bucket, filepath, file_creation_date, current_state, upload_outcome, attempt, reason, retries, bucket_id, sink_id, job_id,
  path, next_path, device, inode, size_bytes, mtime_ns, ledger_id`;

export type InHand = Pick<NewRecord, 'path' | 'nextPath' | 'sizeBytes' | 'mtimeNs'>;

export type Conclusion = {
  outcome: 'success' | 'failure';
  reason?: string | undefined;
  path: BytePath;
  nextPath: BytePath;
};

export type Ending = {
  state: 'completed' | 'failed' | 'gone';
  outcome?: 'success' | 'failure' | undefined;
  reason?: string | undefined;
  path: BytePath;
};

export const isoOf = (ms: number): string => new Date(ms).toISOString();

/** Of a file's birth, or where the file system keeps none of its last change, as text with nine digits behind the seconds. */
export function createdAt({ birthtimeNs, mtimeNs }: { birthtimeNs: bigint; mtimeNs: bigint }): string {
  const ns = birthtimeNs > 0n ? birthtimeNs : mtimeNs;
  const seconds = ns / 1_000_000_000n;
  const rest = ns - seconds * 1_000_000_000n;
  const whole = rest < 0n ? seconds - 1n : seconds;
  const digits = (rest < 0n ? rest + 1_000_000_000n : rest).toString().padStart(9, '0');
  return `${new Date(Number(whole) * 1000).toISOString().slice(0, 19)}.${digits}Z`;
}

export function recordOf(row: FileRecordRow | undefined): FileRecord | undefined {
  if (row === undefined) return undefined;
  return {
    id: Number(row.id),
    profile: row.profile,
    bucket: row.bucket,
    filepath: row.filepath,
    createdAt: row.file_creation_date,
    state: row.current_state,
    outcome: row.upload_outcome ?? undefined,
    attempt: Number(row.attempt),
    reason: row.reason ?? undefined,
    retries: Number(row.retries),
    bucketId: row.bucket_id === null ? undefined : Number(row.bucket_id),
    sinkId: Number(row.sink_id),
    jobId: row.job_id === null ? undefined : Number(row.job_id),
    path: fromBytes(row.path),
    nextPath: row.next_path === null ? undefined : fromBytes(row.next_path),
    device: toUnsigned(row.device),
    inode: toUnsigned(row.inode),
    sizeBytes: Number(row.size_bytes),
    mtimeNs: row.mtime_ns,
    ledgerId: row.ledger_id === null ? undefined : Number(row.ledger_id),
  };
}
