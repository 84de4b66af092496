import type { State } from '../../state/open.ts';

/** What is known of all archives at one moment. */
export type ArchiveStats = {
  /** Deposited, and not yet seen in their archives. */
  waitingFiles: number;
  /** Since the oldest of them was deposited; undefined where none is. */
  oldestWaitingSeconds: number | undefined;
  /** Published since the state file was made. */
  archivedFiles: number;
  archivedBytes: number;
};

type Waiting = { files: number; oldestMs: number | null };
type Totals = Pick<ArchiveStats, 'archivedFiles' | 'archivedBytes'>;

/**
 * Reads how far archiving is. Only reads; takes time with the files that wait.
 *
 * @returns undefined where nothing was ever to be archived
 */
export function readArchiveStats(state: State, nowMs: number): ArchiveStats | undefined {
  const isUsed = state.prepare("SELECT 1 FROM sinks WHERE type = 'archive' LIMIT 1").get() !== undefined;
  if (!isUsed) return undefined;
  const waiting = state
    .prepare<[], Waiting>(
      "SELECT count(*) AS files, min(staged_ms) AS oldestMs FROM archive_deposits WHERE state = 'staged'",
    )
    .get();
  const totals = state
    .prepare<[], Totals>(
      'SELECT archived_files AS archivedFiles, archived_bytes AS archivedBytes FROM totals',
    )
    .get();
  const oldestMs = waiting?.oldestMs ?? undefined;
  return {
    waitingFiles: waiting?.files ?? 0,
    oldestWaitingSeconds: oldestMs === undefined ? undefined : Math.max(0, nowMs - oldestMs) / 1000,
    ...(totals ?? { archivedFiles: 0, archivedBytes: 0 }),
  };
}
