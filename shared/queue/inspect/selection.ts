import { UsageError } from '../../errors.ts';
import { type BytePath, fromBytes } from '../../fs/byte-path.ts';
import type { State } from '../../state/open.ts';
import type { JobState } from '../job.ts';

export type SelectedJob = { id: number; state: JobState; key: BytePath };

/** These jobs, each once. @throws UsageError `queue.unknown-job` where one is not in the queue */
export function jobsOf(state: State, ids: readonly number[]): SelectedJob[] {
  const get = state.prepare<[number], { id: number; state: JobState; key: Buffer }>(
    'SELECT id, state, key FROM jobs WHERE id = ?',
  );
  const rows = [...new Set(ids)].map((id) => ({ id, row: get.get(id) }));
  const unknown = rows.filter(({ row }) => row === undefined).map(({ id }) => id);
  if (unknown.length > 0) {
    throw new UsageError(`${named(unknown)} not in the queue; nothing was changed`, {
      code: 'queue.unknown-job',
      subject: unknown.join(' '),
      hint: 'a job that is done has no entry; see `wharfinger queue list`, or `wharfinger trace PATH` for a file',
    });
  }
  return rows.flatMap(({ row }) => (row === undefined ? [] : [{ ...row, key: fromBytes(row.key) }]));
}

/** @throws UsageError `queue.leased-job` where a worker has one in hand */
export function refuseLeased(jobs: readonly SelectedJob[], hint: string): void {
  const leased = jobs.filter((job) => job.state === 'leased').map((job) => job.id);
  if (leased.length === 0) return;
  throw new UsageError(`${named(leased)} being worked on; nothing was changed`, {
    code: 'queue.leased-job',
    subject: leased.join(' '),
    retryable: true,
    hint,
  });
}

const named = (ids: readonly number[]): string =>
  ids.length === 1 ? `job ${ids[0]} is` : `jobs ${ids.join(', ')} are`;
