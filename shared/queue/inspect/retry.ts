import { UsageError } from '../../errors.ts';
import type { State } from '../../state/open.ts';
import { writeTransaction } from '../../state/transaction.ts';
import { IN_STATE } from './list.ts';
import { jobsOf, refuseLeased } from './selection.ts';

/** Jobs a transaction: the workers get the write lock in between. */
const CHUNK = 5000;

const RETRY =
  "UPDATE jobs SET state = 'ready', run_at_ms = 0, attempts = 0, reason = NULL, updated_ms = ? WHERE";

/**
 * Makes these jobs ready now, with attempts anew. All of them or none. Idempotent.
 *
 * @throws UsageError `queue.unknown-job`, `queue.leased-job`
 */
export function retryJobs(state: State, ids: readonly number[], nowMs: number): number {
  const retry = state.prepare(`${RETRY} id = ?`);
  const anew = retriesAnew(state);
  return writeTransaction(state, () => {
    const jobs = jobsOf(state, ids);
    refuseLeased(jobs, 'wait until it is settled; a job whose worker died is taken back by itself');
    for (const job of jobs) {
      retry.run(nowMs, job.id);
      anew(job.id);
    }
    return jobs.length;
  });
}

/** Makes every failed, or every delayed, job ready now, with attempts anew. Stopped in between, it has done a part. */
export function retryAll(state: State, which: 'failed' | 'delayed', nowMs: number): number {
  const retry = state.prepare<unknown[], { id: number }>(`
    ${RETRY} id IN (SELECT id FROM jobs WHERE ${IN_STATE[which]} AND id > ? ORDER BY id LIMIT ${CHUNK}) RETURNING id`);
  const anew = retriesAnew(state);
  let retried = 0;
  let after = 0;
  // Upwards by id: one that fails again at once is not met a second time.
  for (;;) {
    const rows = writeTransaction(state, () => {
      const made = retry.all(nowMs, after);
      for (const { id } of made) anew(id);
      return made;
    });
    if (rows.length === 0) return retried;
    retried += rows.length;
    after = rows.reduce((highest, row) => Math.max(highest, row.id), after);
  }
}

/** An upload has its retries before it again, and its bucket is looked at again at once. */
function retriesAnew(state: State): (jobId: number) => void {
  const records = state.prepare('UPDATE file_records SET retries = 0 WHERE job_id = ?');
  const buckets = state.prepare(
    'UPDATE buckets SET closed_until_ms = 0 WHERE closed_until_ms > 0 AND id IN (SELECT bucket_id FROM file_records WHERE job_id = ?)',
  );
  return (jobId) => {
    records.run(jobId);
    buckets.run(jobId);
  };
}

/** A job's number as a person types it. */
export function parseJobId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id) && id > 0) return id;
  throw new UsageError(`${text} is not the number of a job`, {
    code: 'queue.unknown-job',
    subject: text,
    hint: 'see the first column of `wharfinger queue list`',
  });
}
