import { lstatSync, rmSync } from 'node:fs';
import { UsageError } from '../../errors.ts';
import { type BytePath, dirname, join, toBytes, toText } from '../../fs/byte-path.ts';
import { unsigned } from '../../fs/fingerprint.ts';
import { Duplicates } from '../../ledger/duplicates.ts';
import { Ledger } from '../../ledger/ledger.ts';
import type { State } from '../../state/open.ts';
import { writeTransaction } from '../../state/transaction.ts';
import { Publications } from '../../tables/publications.ts';
import { TaskFiles } from '../../tables/task-files.ts';
import { LoadTasks } from '../../tables/tasks.ts';
import { FileRecords } from '../../uploads/file-records.ts';
import { jobsOf, refuseLeased, type SelectedJob } from './selection.ts';

/** What stands in flight for a job whose holder died: a row of the ledger, or of the duplicates. */
type InFlight = {
  /** What the names of its temporary files are made of: the two tables count for themselves. */
  tag: string;
  source: BytePath;
  destination: BytePath | undefined;
  device: bigint;
  inode: bigint;
  withdraw(): void;
};

/**
 * Removes these jobs from the queue; all of them or none. Their files stay where they are. What was decided about a file is
 * taken back with its job; a file that has begun to move, or that was uploaded and is only to leave, cannot be dropped, since nothing would
 * remember it.
 *
 * A dropped file that still lies in its input directory is found and enqueued again by the next scan. A task whose job is dropped has failed:
 * nothing is added to it, and `load retry` makes it ready again.
 *
 * @throws UsageError `queue.unknown-job`, `queue.leased-job`, `queue.placed-job`
 */
export function dropJobs(state: State, ids: readonly number[], nowMs: number): number {
  const remove = state.prepare('DELETE FROM jobs WHERE id = ?');
  const records = new FileRecords(state);
  const taskOf = state
    .prepare<[number], number>(`
      SELECT load_tasks.id FROM jobs JOIN load_tasks ON load_tasks.id = payload ->> 'task'
      WHERE jobs.id = ? AND kind = 'load' AND status <> 'LOADED'`)
    .pluck();
  const [loadTasks, files] = [new LoadTasks(state), new TaskFiles(state)];
  const publications = new Publications(state);
  const rows = { ledger: new Ledger(state), duplicates: new Duplicates(state) };
  return writeTransaction(state, () => {
    const jobs = jobsOf(state, ids);
    refuseLeased(jobs, 'wait until it is settled, or stop wharfinger first');
    const inFlight = jobs.flatMap((job) => inFlightOf(job, rows));
    const stays = jobs.map((job) => ({ job, stay: records.openOfJob(job.id) }));
    refusePlaced([
      ...inFlight.filter(({ row }) => hasMoved(row)).map(({ job }) => job),
      ...stays.filter(({ stay }) => stay?.outcome !== undefined).map(({ job }) => job),
    ]);
    const tasks = jobs.flatMap((job) => taskOf.all(job.id).map((id) => ({ job, id })));
    refusePublished(tasks.filter(({ id }) => publications.of(id) !== undefined));
    for (const { id } of tasks) {
      files.failWaiting(id, DROPPED);
      loadTasks.failed(id, DROPPED, nowMs);
    }
    for (const { row } of inFlight) {
      row.withdraw();
      removeCopyInProgress(row);
    }
    for (const job of jobs) remove.run(job.id);
    // What is on the server of an upload in parts is taken away by a worker.
    for (const { stay } of stays)
      if (stay !== undefined)
        records.close(stay.id, { state: 'gone', reason: DROPPED, path: stay.path }, nowMs);
    return jobs.length;
  });
}

const DROPPED = 'dropped from the queue';

type Rows = { ledger: Ledger; duplicates: Duplicates };

function inFlightOf(job: SelectedJob, { ledger, duplicates }: Rows): { job: SelectedJob; row: InFlight }[] {
  const original = ledger.inFlightOf(job.id);
  if (original !== undefined) {
    return [
      { job, row: { ...original, tag: `${original.id}`, withdraw: () => ledger.withdraw(original.id) } },
    ];
  }
  const duplicate = duplicates.inFlightOf(job.id);
  if (duplicate === undefined) return [];
  return [
    {
      job,
      row: { ...duplicate, tag: `d${duplicate.id}`, withdraw: () => duplicates.withdraw(duplicate.id) },
    },
  ];
}

/** The decided inode is not at its name, or something is at the destination: a copy whose source was not yet removed. */
function hasMoved({ source, destination, device, inode }: InFlight): boolean {
  const found = lstatSync(toBytes(source), { bigint: true, throwIfNoEntry: false });
  if (found === undefined || unsigned(found.dev) !== device || unsigned(found.ino) !== inode) return true;
  return (
    destination !== undefined && lstatSync(toBytes(destination), { throwIfNoEntry: false }) !== undefined
  );
}

function refusePlaced(jobs: readonly SelectedJob[]): void {
  const [first] = jobs;
  if (first === undefined) return;
  const ids = jobs.map((job) => job.id).join(' ');
  throw new UsageError(
    `job ${first.id} has begun to move its file ${toText(first.key)}; nothing was changed`,
    {
      code: 'queue.placed-job',
      subject: ids,
      hint: `let it be finished instead: wharfinger queue retry ${ids}`,
    },
  );
}

/** Others that have the same content wait until it is told whether it was published. */
function refusePublished(tasks: readonly { job: SelectedJob; id: number }[]): void {
  const [first] = tasks;
  if (first === undefined) return;
  const ids = tasks.map(({ job }) => job.id).join(' ');
  throw new UsageError(
    `job ${first.job.id} has begun to publish the files of task ${first.id}; nothing was changed`,
    {
      code: 'queue.placed-job',
      subject: ids,
      hint: `let it be finished instead: wharfinger queue retry ${ids}`,
    },
  );
}

/** Nobody would ever remove it once the row is gone. */
function removeCopyInProgress({ tag, destination }: InFlight): void {
  if (destination !== undefined)
    rmSync(toBytes(join(dirname(destination), `.wharfinger-${tag}.tmp`)), { force: true });
}
