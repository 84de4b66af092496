import type { JobState, Lane } from '../../shared/queue/job.ts';

export type ModelJob = {
  id: number;
  kind: string;
  key: string;
  lane: Lane;
  fingerprint: string;
  priority: number;
  state: JobState;
  runAtMs: number;
  attempts: number;
  token: number | null;
  reason: string | null;
};

export type ModelPut = Pick<ModelJob, 'kind' | 'key' | 'lane' | 'fingerprint' | 'priority' | 'runAtMs'>;
export type ModelLease = { pid: number; expiresMs: number };
export type ModelSettle =
  | { how: 'complete' }
  | { how: 'release' }
  | { how: 'fail'; reason: string }
  | { how: 'delay'; reason: string; runAtMs: number; charged: boolean };

/**
 * The queue as docs/design.md tells it ("States of a job"), in memory and one step at a time: what the real one is compared
 * with. Ids and tokens are told to it, since it only demands of them that they grow.
 */
export class QueueModel {
  readonly jobs = new Map<number, ModelJob>();
  readonly leases = new Map<number, ModelLease>();

  find(kind: string, key: string): ModelJob | undefined {
    return [...this.jobs.values()].find((job) => job.kind === kind && job.key === key);
  }

  /** Whether a put is news: a job that is not there yet, or a failed one whose file changed. */
  isNews(put: ModelPut): boolean {
    const there = this.find(put.kind, put.key);
    return there === undefined || (there.state === 'failed' && there.fingerprint !== put.fingerprint);
  }

  put(put: ModelPut, newId: number, nowMs: number): void {
    const id = this.find(put.kind, put.key)?.id ?? newId;
    const state = put.runAtMs > nowMs ? 'delayed' : 'ready';
    this.jobs.set(id, { ...put, id, state, attempts: 0, token: null, reason: null });
  }

  /** What a claim would be given, in that order: run_at has come, higher priority first, then the older. */
  claimable(kind: string, lane: Lane, nowMs: number, end: 'oldest' | 'newest'): ModelJob[] {
    const waiting = [...this.jobs.values()].filter(
      (job) => job.kind === kind && job.lane === lane && (job.state === 'ready' || isDue(job, nowMs)),
    );
    waiting.sort((a, b) => b.priority - a.priority || a.id - b.id);
    return end === 'oldest' ? waiting : waiting.reverse();
  }

  /** Whoever looks at the clock finds the jobs whose run_at has come ready. */
  promote(nowMs: number): void {
    for (const job of this.jobs.values()) if (isDue(job, nowMs)) job.state = 'ready';
  }

  claim(jobs: readonly ModelJob[], token: number, lease: ModelLease): void {
    this.leases.set(token, lease);
    for (const job of jobs) Object.assign(job, { state: 'leased', token, attempts: job.attempts + 1 });
  }

  holds(jobId: number, token: number): boolean {
    return this.jobs.get(jobId)?.token === token;
  }

  settle(jobId: number, settle: ModelSettle): void {
    const job = this.jobs.get(jobId);
    if (job === undefined) throw new Error('only what is held is settled');
    job.token = null;
    if (settle.how === 'complete') {
      this.jobs.delete(jobId);
    } else if (settle.how === 'release') {
      job.state = 'ready';
      job.attempts -= 1;
    } else if (settle.how === 'fail') {
      job.state = 'failed';
      job.reason = settle.reason;
    } else {
      const { runAtMs, reason, charged } = settle;
      Object.assign(job, { state: 'delayed', runAtMs, reason, attempts: job.attempts - (charged ? 0 : 1) });
    }
  }

  end(token: number): void {
    for (const job of this.#under(token)) this.settle(job.id, { how: 'release' });
    this.leases.delete(token);
  }

  /** The leases that ended are taken back; their jobs go to lane `suspect`, where alone an attempt stays charged. */
  reclaim(
    nowMs: number,
    maxAttempts: number,
    dead: ReadonlySet<number>,
  ): { token: number; jobs: number; failed: number[] }[] {
    const ended = [...this.leases].filter(([, lease]) => dead.has(lease.pid) || lease.expiresMs <= nowMs);
    return ended.map(([token, lease]) => {
      const jobs = this.#under(token);
      const what = dead.has(lease.pid) ? 'its worker died' : 'its worker went silent';
      for (const job of jobs) {
        const isGuilty = job.lane === 'suspect';
        if (!isGuilty) job.attempts -= 1;
        job.lane = 'suspect';
        job.token = null;
        job.state = isGuilty && job.attempts >= maxAttempts ? 'failed' : 'ready';
        if (job.state === 'failed') job.reason = `${what}, at attempt ${job.attempts}`;
      }
      this.leases.delete(token);
      return {
        token,
        jobs: jobs.length,
        failed: jobs.flatMap((job) => (job.state === 'failed' ? job.id : [])),
      };
    });
  }

  #under(token: number): ModelJob[] {
    return [...this.jobs.values()].filter((job) => job.token === token).sort((a, b) => a.id - b.id);
  }
}

const isDue = (job: ModelJob, nowMs: number): boolean => job.state === 'delayed' && job.runAtMs <= nowMs;
