import { UsageError } from '../../../shared/errors.ts';
import type { ListedTask } from '../../../shared/tables/inspect/list-tasks.ts';
import type { LoadedFile } from '../../../shared/tables/inspect/loaded-files.ts';
import type { TracedLoad } from '../../../shared/tables/inspect/traced-loads.ts';
import {
  bytes,
  count,
  duration,
  escapeControls,
  isoOrNull,
  moment,
  pathFields,
  plural,
  printable,
} from './text.ts';

/** A line that is no longer than the terminal; whole where nobody looks. */
const fitted = (text: string, width: number | undefined): string =>
  `${width === undefined || text.length <= width ? text : `${text.slice(0, width - 1)}…`}\n`;

const taskColumns = (cells: readonly string[], width: number | undefined): string => {
  const [id = '', status = '', files = '', rows = '', rejects = '', size = '', age = '', table = ''] = cells;
  const line = `${id.padStart(6)}  ${status.padEnd(10)}  ${files.padStart(6)}  ${rows.padStart(11)}  ${rejects.padStart(7)}  ${size.padStart(7)}  ${age.padStart(10)}  ${table}`;
  return fitted(line, width);
};

/** The columns are fixed: there may be too many tasks to measure. */
export const taskHeader = (width: number | undefined): string =>
  taskColumns(['id', 'status', 'files', 'rows', 'rejects', 'size', 'age', 'table'], width);

/** A task for a person; what it waits for stands below it. */
export function taskRow(task: ListedTask, nowMs: number, width: number | undefined): string {
  const { id, status, files, rows, rejects, sizeBytes, createdTime, table } = task;
  const age = duration((nowMs - Date.parse(createdTime)) / 1000);
  const shown = task.job?.state === 'failed' ? 'FAILED' : status;
  const cells = [String(id), shown, count(files), count(rows), count(rejects), bytes(sizeBytes), age, table];
  const waits = waitText(task, nowMs);
  const below = waits === undefined ? '' : fitted(`${' '.repeat(8)}${waits}`, width);
  return `${taskColumns(cells.map(escapeControls), width)}${below}`;
}

/** What a task waits for, or what became of it; undefined where there is nothing to say. */
export function waitText(
  {
    id,
    status,
    gathering,
    job,
    failureMsg,
  }: Pick<ListedTask, 'id' | 'status' | 'gathering' | 'job' | 'failureMsg'>,
  nowMs: number,
): string | undefined {
  if (status === 'LOADED') return undefined;
  if (job === undefined) return `its job was dropped; \`wharfinger load retry ${id}\` makes it anew`;
  const inTime = duration((job.runAtMs - nowMs) / 1000);
  const reason = escapeControls(job.reason ?? failureMsg?.split('\n', 1)[0] ?? '');
  const why = reason === '' ? '' : `: ${reason}`;
  if (job.state === 'delayed') {
    if (gathering && reason === '') return `gathers files for another ${inTime}`;
    return job.runAtMs <= nowMs ? `tried again now${why}` : `tried again in ${inTime}${why}`;
  }
  if (job.state === 'failed') return reason === '' ? 'failed' : reason;
  if (status === 'FAILED') return `tried again now${why}`;
  return undefined;
}

/** `load show` for a person: the task, as names and values. */
export function taskText(task: ListedTask, nowMs: number, width: number | undefined): string {
  const { createdTime, modifiedTime, failureMsg, rejects } = task;
  // What it failed with stands below, and whole.
  const waits = failureMsg !== undefined && task.job?.state === 'failed' ? undefined : waitText(task, nowMs);
  const rows: (readonly [string, string])[] = [
    ['status', `${task.status}${task.gathering ? ', gathering' : ''}`],
    ...(waits === undefined ? [] : [['waits', waits] as const]),
    ['table', escapeControls(task.table)],
    ['target', escapeControls(task.target)],
    ['sink', escapeControls(`${task.sink} of ${task.route}`)],
    ['files', `${plural(task.files, 'file')}, ${bytes(task.sizeBytes)}, of ${task.ingestDate}`],
    ['rows', `${count(task.rows)}${rejects === 0 ? '' : `, and ${count(rejects)} rejected`}`],
    ['created', moment(Date.parse(createdTime))],
    ['changed', moment(Date.parse(modifiedTime))],
  ];
  const lines = rows.map(([name, value]) => fitted(`  ${name.padEnd(10)}  ${value}`, width)).join('');
  // Its stack is what a person asked for here: its lines stay lines.
  const failure = failureMsg?.split('\n').map((line) => `  ${escapeControls(line)}\n`) ?? [];
  return `task ${task.id}\n${lines}${failure.length === 0 ? '' : `\nit failed with\n${failure.join('')}`}`;
}

/** The same as JSON; the keys are a contract. */
export const taskJson = (task: ListedTask): Record<string, unknown> => ({
  id: task.id,
  status: task.status,
  gathering: task.gathering,
  sink: task.sink,
  route: task.route,
  target: task.target,
  table: task.table,
  ingest_date: task.ingestDate,
  files: task.files,
  size: task.sizeBytes,
  rows: task.rows,
  rejects: task.rejects,
  created_at: task.createdTime,
  modified_at: task.modifiedTime,
  job:
    task.job === undefined
      ? null
      : {
          id: task.job.id,
          state: task.job.state,
          attempts: task.job.attempts,
          next_run: task.job.state === 'delayed' ? isoOrNull(task.job.runAtMs) : null,
          reason: task.job.reason ?? null,
        },
  failure_msg: task.failureMsg ?? null,
});

const fileColumns = (cells: readonly string[], width: number | undefined): string => {
  const [file = '', state = '', rows = '', rejects = '', size = '', path = ''] = cells;
  const line = `${file.padStart(8)}  ${state.padEnd(7)}  ${rows.padStart(11)}  ${rejects.padStart(7)}  ${size.padStart(7)}  ${path}`;
  return fitted(line, width);
};

export const fileHeader = (width: number | undefined): string =>
  fileColumns(['file', 'state', 'rows', 'rejects', 'size', 'path'], width);

/** A file of a task for a person; why it failed stands below it. */
export function fileRow(file: LoadedFile, width: number | undefined): string {
  const number = (value: number | undefined): string => (value === undefined ? '' : count(value));
  const { fileId, state, rows, rejects, sizeBytes, path, reason } = file;
  const cells = [String(fileId), state, number(rows), number(rejects), bytes(sizeBytes), printable(path)];
  const below = reason === undefined ? '' : fitted(`${' '.repeat(10)}${escapeControls(reason)}`, width);
  return `${fileColumns(cells, width)}${below}`;
}

/** The same as a line of `load show --json`; the keys are a contract. */
export const fileJson = (file: LoadedFile): Record<string, unknown> => ({
  file: file.fileId,
  state: file.state,
  rows: file.rows ?? null,
  rejects: file.rejects ?? null,
  size: file.sizeBytes,
  sha256: file.sha256 ?? null,
  modified_at: file.fileModifiedTime,
  scanned_at: file.scannedTime,
  loaded_at: file.loadedAt ?? null,
  reason: file.reason ?? null,
  ...pathFields('path', file.path),
});

/** What became of a file in a table, in `trace`: what there is to say, as names and values. */
export function loadRows(load: TracedLoad, nowMs: number): (readonly [string, string])[] {
  const { target, table, path, scannedTime, task, state, rows, rejects, loadedAt, reason } = load;
  const waits = state === 'waiting' && task !== undefined ? waitText(task, nowMs) : undefined;
  return [
    ['table', escapeControls(`${table} in ${target}`)],
    ['path', printable(path)],
    ['scanned', moment(Date.parse(scannedTime))],
    ['task', task === undefined ? 'none' : `${task.id}, ${task.status}`],
    ['state', STATES[state]],
    ...(waits === undefined ? [] : [['waits', waits] as const]),
    ...(rows === undefined ? [] : [['rows', `${count(rows)}, and ${count(rejects ?? 0)} rejected`] as const]),
    ...(loadedAt === undefined ? [] : [['loaded', moment(Date.parse(loadedAt))] as const]),
    ...(reason === undefined ? [] : [['reason', escapeControls(reason)] as const]),
  ];
}

const STATES: Readonly<Record<TracedLoad['state'], string>> = {
  waiting: 'waits to be loaded',
  loaded: 'loaded',
  present: 'not loaded again: the table had its content already',
  failed: 'failed',
};

/** The same for `trace --json`; the keys are a contract. */
export const loadJson = (load: TracedLoad): Record<string, unknown> => ({
  ...fileJson(load),
  scanner_status: load.scannerStatus,
  sink: load.sink,
  target: load.target,
  table: load.table,
  task: load.task === undefined ? null : taskJson(load.task),
});

/** A task's number as a person types it. */
export function parseTaskId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id) && id > 0) return id;
  throw new UsageError(`${text} is not the number of a task`, {
    code: 'load.unknown-task',
    subject: text,
    hint: 'see the first column of `wharfinger load list`',
  });
}
