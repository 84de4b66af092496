import type { State } from '../../state/open.ts';
import { TASK_STATUSES, type TaskStatus } from '../tasks.ts';

/** What is known of all loads at one moment. */
export type LoadStats = {
  /** Tasks in each status. */
  tasks: Record<TaskStatus, number>;
  /** Files that are to be loaded yet, and those that will not be before a person does something. */
  waitingFiles: number;
  failedFiles: number;
  /** Since the state file was made; `loadedFiles` without those whose content was in the table already. */
  loadedFiles: number;
  loadedRows: number;
  rejectedRows: number;
  /** Since the oldest file that waits was scanned; undefined where none does. */
  oldestUnloadedSeconds: number | undefined;
};

type FilesRow = { waiting: number; failed: number };
type TotalsRow = Pick<LoadStats, 'loadedFiles' | 'loadedRows' | 'rejectedRows'>;

/** Only files of these can wait or have failed. */
const UNDONE = "task_id IN (SELECT id FROM load_tasks WHERE status IN ('NEW', 'PROCESSING', 'FAILED'))";

/** Reads how far loading is. Only reads; takes time with the tasks that were ever, and with the files that wait. */
export function readLoadStats(state: State, nowMs: number): LoadStats {
  const statuses = state.prepare<[], { status: TaskStatus; tasks: number }>(
    'SELECT status, count(*) AS tasks FROM load_tasks GROUP BY status',
  );
  const files = state.prepare<[], FilesRow>(`
    SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'failed') AS failed
    FROM load_task_files WHERE ${UNDONE}`);
  const oldest = state
    .prepare<[], string>(`
      SELECT created_time FROM scanner WHERE id = (
        SELECT min(file_id) FROM load_task_files
        WHERE state = 'waiting' AND task_id IN (SELECT id FROM load_tasks WHERE status IN ('NEW', 'PROCESSING')))`)
    .pluck();
  const totals = state.prepare<[], TotalsRow>(
    'SELECT loaded_files AS loadedFiles, loaded_rows AS loadedRows, rejected_rows AS rejectedRows FROM totals',
  );
  return state.transaction(() => {
    const tasks = Object.fromEntries(TASK_STATUSES.map((status) => [status, 0])) as Record<
      TaskStatus,
      number
    >;
    for (const row of statuses.all()) tasks[row.status] = row.tasks;
    const { waiting, failed } = files.get() ?? { waiting: 0, failed: 0 };
    const since = oldest.get();
    return {
      tasks,
      waitingFiles: waiting,
      failedFiles: failed,
      ...(totals.get() ?? { loadedFiles: 0, loadedRows: 0, rejectedRows: 0 }),
      oldestUnloadedSeconds: since === undefined ? undefined : Math.max(0, nowMs - Date.parse(since)) / 1000,
    };
  })();
}
