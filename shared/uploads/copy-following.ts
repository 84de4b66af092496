import { type BytePath, fromBytes } from '../fs/byte-path.ts';
import { fingerprintOf, unsigned } from '../fs/fingerprint.ts';
import { lstatIfSeen } from '../fs/lstat.ts';
import { toUnsigned } from '../ledger/integers.ts';
import type { State } from '../state/open.ts';
import type { RecordState } from './file-record.ts';

/** How far a file that was copied has come. */
export type Followed = {
  state: RecordState;
  /** Why it failed, or what it waits for. */
  reason: string | undefined;
  /** Nothing of it changes any more. */
  isOver: boolean;
  /** Whether a server knows of it and has a reason to leave it for now. */
  isDelayed: boolean;
  /** It waits in `incoming`, as far as is known, and no server has it in hand. */
  isUntaken: boolean;
  path: BytePath;
};

type Row = {
  state: RecordState;
  reason: string | null;
  path: Buffer;
  device: bigint;
  inode: bigint;
  job_id: bigint | null;
  job_state: string | null;
  job_reason: string | null;
  fingerprint: string | null;
};

const OVER: ReadonlySet<RecordState> = new Set(['completed', 'failed', 'gone']);

/** Reads how files come along, for who waits for them. Only reads. */
export class FollowedCopies {
  readonly #state;
  readonly #read;
  readonly #leases;

  constructor(state: State) {
    this.#state = state;
    // Before a server has it in hand it is known there by its path alone.
    this.#read = state
      .prepare<[number], Row>(`
        SELECT current_state AS state, file_records.reason, path, device, inode, job_id, jobs.state AS job_state, jobs.reason AS job_reason,
          jobs.fingerprint
        FROM file_records LEFT JOIN jobs ON jobs.id =
          ifnull(job_id, (SELECT id FROM jobs WHERE kind = 'upload' AND key = file_records.path LIMIT 1))
        WHERE file_records.id = ?`)
      .safeIntegers();
    this.#leases = state
      .prepare<[number], number>('SELECT count(*) FROM leases WHERE expires_ms > ?')
      .pluck();
  }

  /** Another number whenever another process has changed anything. */
  version(): number {
    return Number(this.#state.pragma('data_version', { simple: true }));
  }

  /** How many processes have work in hand. */
  leases(nowMs: number): number {
    return this.#leases.get(nowMs) ?? 0;
  }

  /** By the number of its record; undefined where somebody has removed that. */
  read(id: number): Followed | undefined {
    const row = this.#read.get(id);
    if (row === undefined) return undefined;
    const { state, job_state } = row;
    const path = fromBytes(row.path);
    // A file that cannot even be opened fails as a job, and its stay does not begin.
    const isRefused = state === 'incoming' && job_state === 'failed' && isOf(row, path);
    return {
      state: isRefused ? 'failed' : state,
      reason: row.reason ?? (isRefused || job_state === 'delayed' ? row.job_reason : null) ?? undefined,
      isOver: isRefused || OVER.has(state),
      isDelayed: job_state === 'delayed',
      isUntaken: state === 'incoming' && row.job_id === null,
      path,
    };
  }
}

/** Whether a job is about this very file, and not about an earlier one of its name. */
function isOf({ device, inode, fingerprint }: Row, path: BytePath): boolean {
  const stats = lstatIfSeen(path);
  return (
    stats !== undefined &&
    unsigned(stats.dev) === toUnsigned(device) &&
    unsigned(stats.ino) === toUnsigned(inode) &&
    fingerprintOf(stats) === fingerprint
  );
}
