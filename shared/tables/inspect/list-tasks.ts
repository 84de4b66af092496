import { loadSinkSchema } from '../../config/settings.ts';
import { targetName } from '../../config/table-texts.ts';
import type { JobState } from '../../queue/job.ts';
import type { State } from '../../state/open.ts';
import type { TaskStatus } from '../tasks.ts';

/** A task as a person asks about it. */
export type ListedTask = {
  id: number;
  status: TaskStatus;
  /** More files may be added to it. */
  gathering: boolean;
  /** Name of the sink, and of its route. */
  sink: string;
  route: string;
  target: string;
  table: string;
  ingestDate: string;
  files: number;
  sizeBytes: number;
  /** Of its files that are in the table so far: those that this task loaded, and not those whose content was there. */
  rows: number;
  rejects: number;
  createdTime: string;
  modifiedTime: string;
  /** Of a failed one, with the stack of the error. */
  failureMsg: string | undefined;
  /** Its job in the queue; undefined once it is loaded, or where somebody dropped it. */
  job:
    | { id: number; state: JobState; attempts: number; runAtMs: number; reason: string | undefined }
    | undefined;
};

type Row = {
  id: number;
  status: TaskStatus;
  gathering: number;
  sink: string;
  route: string;
  settings: string;
  ingest_date: string;
  files: number;
  size_in_bytes: number;
  rows: number;
  rejects: number;
  created_time: string;
  modified_time: string;
  failure_msg: string | null;
  job_id: number | null;
  job_state: JobState | null;
  attempts: number | null;
  run_at_ms: number | null;
  reason: string | null;
};

/** Sums of a task's files are asked for a task at a time, by the index. */
const TASKS = `
  SELECT load_tasks.id, status, gathering, sinks.name AS sink, routes.name AS route, sinks.settings, ingest_date, size_in_bytes,
    (SELECT count(*) FROM load_task_files WHERE task_id = load_tasks.id) AS files,
    (SELECT ifnull(sum(rows), 0) FROM load_task_files WHERE task_id = load_tasks.id AND state = 'loaded') AS rows,
    (SELECT ifnull(sum(rejects), 0) FROM load_task_files WHERE task_id = load_tasks.id AND state = 'loaded') AS rejects,
    created_time, modified_time, failure_msg, jobs.id AS job_id, jobs.state AS job_state, attempts, run_at_ms, reason
  FROM load_tasks JOIN sinks ON sinks.id = load_tasks.sink_id JOIN routes ON routes.id = sinks.route_id
    LEFT JOIN jobs ON jobs.kind = 'load' AND jobs.key = CAST('task ' || load_tasks.id AS BLOB) AND jobs.sink_id = load_tasks.sink_id`;

/** Rows a read: a slow reader never keeps a read transaction open. */
const CHUNK = 500;

/** Tasks by id, oldest first. Memory does not grow with their number; those that change meanwhile are seen before or after. */
export function* listTasks(state: State, filter: { status?: TaskStatus } = {}): Generator<ListedTask> {
  const { status } = filter;
  const only = status === undefined ? '' : 'AND status = @status';
  const next = state.prepare<unknown[], Row>(
    `${TASKS} WHERE load_tasks.id > @after ${only} ORDER BY load_tasks.id LIMIT ${CHUNK}`,
  );
  let after = 0;
  for (;;) {
    const rows = next.all({ after, ...(status === undefined ? {} : { status }) });
    yield* rows.map(taskOf);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

export function findTask(state: State, id: number): ListedTask | undefined {
  const row = state.prepare<[number], Row>(`${TASKS} WHERE load_tasks.id = ?`).get(id);
  return row === undefined ? undefined : taskOf(row);
}

function taskOf(row: Row): ListedTask {
  const { target, table } = loadSinkSchema.parse(JSON.parse(row.settings));
  return {
    id: row.id,
    status: row.status,
    gathering: row.gathering === 1,
    sink: row.sink,
    route: row.route,
    target: targetName(target),
    table,
    ingestDate: row.ingest_date,
    files: row.files,
    sizeBytes: row.size_in_bytes,
    rows: row.rows,
    rejects: row.rejects,
    createdTime: row.created_time,
    modifiedTime: row.modified_time,
    failureMsg: row.failure_msg ?? undefined,
    job:
      row.job_id === null || row.job_state === null
        ? undefined
        : {
            id: row.job_id,
            state: row.job_state,
            attempts: row.attempts ?? 0,
            runAtMs: row.run_at_ms ?? 0,
            reason: row.reason ?? undefined,
          },
  };
}
