import assert from 'node:assert/strict';
import { LeaseLostError } from '../../shared/errors.ts';
import type { ProcessIdentity } from '../../shared/linux/process-identity.ts';
import type { Lease } from '../../shared/queue/claim.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { holderNamed, openHolder, type QueueHolder, TurnedClock } from './queue-holder.ts';
import { type ModelJob, type ModelLease, type ModelSettle, QueueModel } from './queue-model.ts';
import { CLOCK_OFFSETS_MS, type Operation, type Settle } from './queue-operations.ts';

const START_MS = 1_800_000_000_000;

/** Plays operations on a queue and on the model side by side, and holds the two together after each. */
export class QueuePlay {
  readonly #path: string;
  readonly #model = new QueueModel();
  readonly #holders: { queue: QueueHolder; pid: number }[];
  readonly #dead = new Set<number>();
  readonly #opened: QueueHolder[] = [];
  /** Every lease that was ever given, with the jobs that it was given for and who holds it. */
  readonly #given: { lease: Lease; by: QueueHolder }[] = [];
  #pids = 100;
  #newestId = 0;
  #newestToken = 0;

  constructor(path: string) {
    this.#path = path;
    this.#holders = CLOCK_OFFSETS_MS.map((offsetMs) => this.#open(offsetMs));
    this.#holders[0]?.queue.state.exec('DELETE FROM jobs; DELETE FROM leases; DELETE FROM sqlite_sequence');
  }

  close(): void {
    for (const { state } of this.#opened) state.close();
  }

  play(operation: Operation): void {
    if (operation.do === 'put') this.#put(operation);
    if (operation.do === 'claim') this.#claim(operation);
    if (operation.do === 'renew') this.#renew(operation);
    if (operation.do === 'settle') this.#settle(operation);
    if (operation.do === 'end') this.#end(operation);
    if (operation.do === 'advance') this.#advance(operation.ms);
    if (operation.do === 'die') this.#die(operation.holder);
    if (operation.do === 'reclaim') this.#reclaim(operation);
    assert.deepEqual(this.#real(), {
      jobs: [...this.#model.jobs.values()].sort((a, b) => a.id - b.id),
      leases: new Map(this.#model.leases),
    });
  }

  #put({ by, inMs, do: _, ...rest }: Operation & { do: 'put' }): void {
    const { queue } = this.#holder(by);
    const nowMs = queue.clock.nowMs();
    const put = { ...rest, runAtMs: nowMs + inMs };
    const isNews = this.#model.isNews(put);
    const { key, ...job } = put;
    assert.equal(queue.put(key, job), isNews);
    if (!isNews) return;
    const isNew = this.#model.find(put.kind, put.key) === undefined;
    const id = Number(queue.state.prepare('SELECT max(id) FROM jobs').pluck().get());
    if (isNew) assert.ok(id > this.#newestId, 'ids grow: they are the age');
    if (isNew) this.#newestId = id;
    this.#model.put(put, id, nowMs);
  }

  #claim({ by, kind, lane, limit, end, leaseMs }: Operation & { do: 'claim' }): void {
    const { queue, pid } = this.#holder(by);
    const nowMs = queue.clock.nowMs();
    const lease = queue.claims.claim({ kind, lane, limit, leaseMs, nowMs, end });
    const expected = this.#model.claimable(kind, lane, nowMs, end).slice(0, limit);
    this.#model.promote(nowMs);
    assert.deepEqual(
      (lease?.jobs ?? []).map(({ id }) => id),
      expected.map(({ id }) => id),
    );
    if (lease === undefined) return;
    assert.ok(lease.token > this.#newestToken, 'tokens grow');
    assert.equal(lease.expiresMs, nowMs + leaseMs);
    this.#newestToken = lease.token;
    this.#assertHeldByNobody(lease);
    this.#model.claim(expected, lease.token, { pid, expiresMs: lease.expiresMs });
    assert.deepEqual(
      lease.jobs.map(({ attempts }) => attempts),
      expected.map(({ attempts }) => attempts),
    );
    this.#given.push({ lease, by: queue });
  }

  /** No job is held by two live leases, as far as their holders can see. */
  #assertHeldByNobody({ jobs }: Lease): void {
    for (const { lease, by } of this.#given.filter((given) => this.#model.leases.has(given.lease.token))) {
      for (const { id } of jobs)
        assert.equal(by.settlements.holds(id, lease.token), false, `job ${id} is held twice`);
    }
  }

  #renew({ lease: nth, leaseMs }: Operation & { do: 'renew' }): void {
    const given = this.#lease(nth);
    if (given === undefined) return;
    const { lease, by } = given;
    const expiresMs = by.clock.nowMs() + leaseMs;
    const held = this.#model.leases.get(lease.token);
    if (held === undefined) assert.throws(() => by.claims.renew(lease.token, expiresMs), LeaseLostError);
    else by.claims.renew(lease.token, expiresMs);
    if (held !== undefined) held.expiresMs = expiresMs;
  }

  /** Settles some jobs of a lease in one transaction: all of it, or, where one is no longer held, nothing. */
  #settle({ lease: nth, jobs }: Operation & { do: 'settle' }): void {
    const given = this.#lease(nth);
    if (given === undefined) return;
    const { lease, by } = given;
    const wanted = new Map(jobs.map((job) => [lease.jobs[job.nth % lease.jobs.length]?.id ?? 0, job.settle]));
    const nowMs = by.clock.nowMs();
    const settleAll = () => {
      for (const [id, settle] of wanted) settleOne(by, id, lease.token, settle, nowMs);
    };
    if (![...wanted.keys()].every((id) => this.#model.holds(id, lease.token))) {
      assert.throws(() => writeTransaction(by.state, settleAll), LeaseLostError);
      return;
    }
    writeTransaction(by.state, settleAll);
    for (const [id, settle] of wanted) this.#model.settle(id, modelSettle(settle, nowMs));
  }

  #end({ lease: nth }: Operation & { do: 'end' }): void {
    const given = this.#lease(nth);
    if (given === undefined) return;
    given.by.claims.end(given.lease.token, given.by.clock.nowMs());
    this.#model.end(given.lease.token);
  }

  #advance(ms: number): void {
    for (const { queue } of this.#holders) queue.clock.turn(ms);
  }

  /** Its process is gone; another comes in its place. What it had in hand may still be tried with: it was only frozen, say. */
  #die(nth: number): void {
    const { queue, pid } = this.#holder(nth);
    this.#dead.add(pid);
    this.#holders[nth] = this.#open(queue.clock.nowMs() - START_MS);
  }

  #reclaim({ by, maxAttempts }: Operation & { do: 'reclaim' }): void {
    const { queue } = this.#holder(by);
    const nowMs = queue.clock.nowMs();
    const isDead = (owner: ProcessIdentity) => this.#dead.has(owner.pid);
    const reclaimed = queue.claims.reclaim(nowMs, maxAttempts, isDead);
    assert.deepEqual(
      reclaimed.map(({ token, jobs, failed }) => ({
        token,
        jobs,
        failed: failed.map(({ id }) => id).sort((a, b) => a - b),
      })),
      this.#model.reclaim(nowMs, maxAttempts, this.#dead),
    );
  }

  #open(offsetMs: number): { queue: QueueHolder; pid: number } {
    const pid = this.#pids++;
    const queue = openHolder(this.#path, new TurnedClock(START_MS + offsetMs), holderNamed('someone', pid));
    this.#opened.push(queue);
    // Nothing is killed in this test: without fsync it plays a hundred times as many steps.
    queue.state.pragma('synchronous = OFF');
    return { queue, pid };
  }

  #holder(nth: number): { queue: QueueHolder; pid: number } {
    const holder = this.#holders[nth];
    assert.ok(holder);
    return holder;
  }

  #lease(nth: number): { lease: Lease; by: QueueHolder } | undefined {
    return this.#given.at(-1 - (nth % Math.max(1, this.#given.length)));
  }

  #real(): { jobs: ModelJob[]; leases: Map<number, ModelLease> } {
    const { state } = this.#holder(0).queue;
    const jobs = state.prepare<[], ModelJob>(`
      SELECT id, kind, CAST(key AS TEXT) AS key, lane, fingerprint, priority, state, run_at_ms AS runAtMs, attempts,
             lease_token AS token, reason FROM jobs ORDER BY id`);
    const leases = state.prepare<[], ModelLease & { token: number }>(
      'SELECT token, pid, expires_ms AS expiresMs FROM leases',
    );
    return {
      jobs: jobs.all(),
      leases: new Map(leases.all().map(({ token, ...lease }) => [token, lease])),
    };
  }
}

function settleOne(
  { settlements }: QueueHolder,
  id: number,
  token: number,
  settle: Settle,
  nowMs: number,
): void {
  if (settle.how === 'complete') settlements.complete(id, token);
  if (settle.how === 'release') settlements.release(id, token, nowMs);
  if (settle.how === 'fail') settlements.fail(id, token, 'it is bad', nowMs);
  if (settle.how !== 'delay') return;
  const { inMs, charged } = settle;
  settlements.delay(id, token, { runAtMs: nowMs + inMs, reason: 'not now', charged, nowMs });
}

function modelSettle(settle: Settle, nowMs: number): ModelSettle {
  if (settle.how === 'fail') return { how: 'fail', reason: 'it is bad' };
  if (settle.how !== 'delay') return { how: settle.how };
  return { how: 'delay', runAtMs: nowMs + settle.inMs, reason: 'not now', charged: settle.charged };
}
