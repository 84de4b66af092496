import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Delta } from '../../apps/worker/delta.ts';
import { Executor } from '../../apps/worker/executor.ts';
import type { Handler } from '../../apps/worker/handler.ts';
import { createUploadHandler } from '../../apps/worker/handlers/upload/handler.ts';
import type { S3Sink } from '../../shared/config/settings.ts';
import type { CrashPoint } from '../../shared/crash-points.ts';
import { fromText } from '../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../shared/fs/fingerprint.ts';
import { lstatIfSeen } from '../../shared/fs/lstat.ts';
import { thisProcess } from '../../shared/linux/process-identity.ts';
import { createLogger } from '../../shared/log/logger.ts';
import { Claims } from '../../shared/queue/claim.ts';
import { Enqueuer } from '../../shared/queue/enqueue.ts';
import type { Lane } from '../../shared/queue/job.ts';
import { laneOf } from '../../shared/queue/lanes.ts';
import { LeaseKeeper } from '../../shared/queue/lease-keeper.ts';
import type { LeasedJob } from '../../shared/queue/lease-store.ts';
import { Routes } from '../../shared/queue/routes.ts';
import { Sinks } from '../../shared/queue/sinks.ts';
import { openState, type State } from '../../shared/state/open.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { TurnableClock } from './custody-clock.ts';
import type { LogRecord } from './custody-hand.ts';
import { tempDir } from './temp.ts';

const LEASE_MS = 30_000;

class Death extends Error {}

export type HandOptions = {
  /** Where each profile is reached. */
  urls?: Readonly<Record<string, string>>;
  /** Of what is not given by its place in a server directory. */
  sink?: Partial<S3Sink>;
  keepRecordsDays?: number;
  patienceMs?: number;
};

const NOBODY_LISTENS = 'http://127.0.0.1:9';

/** A server directory, its state file, and one worker that uploads, led claim by claim in this process. */
export class UploadHand {
  readonly root: string;
  readonly directory: string;
  readonly clock = new TurnableClock();
  readonly state: State;
  readonly stop = new AbortController();
  readonly log: LogRecord[] = [];
  readonly handler: Handler;
  readonly claims: Claims;
  readonly routeId: number;
  readonly sinkId: number;
  readonly #keeper: LeaseKeeper;
  readonly #executor: Executor;
  readonly #actions = new Map<CrashPoint, () => void>();

  constructor(
    t: TestContext,
    { urls = { lab: NOBODY_LISTENS }, sink = {}, keepRecordsDays, patienceMs }: HandOptions = {},
  ) {
    this.root = tempDir(t);
    this.directory = join(this.root, 'server');
    for (const profile of Object.keys(urls))
      for (const place of ['incoming', 'processing', 'completed', 'failed'])
        mkdirSync(join(this.directory, place, profile), { recursive: true });
    this.state = openState(join(this.root, 'state.db'));
    t.after(() => this.state.close());
    const { state, clock, stop } = this;
    this.routeId = new Routes(state).save({ ...ROUTE, input: fromText(join(this.directory, 'incoming')) });
    const credentials = writeCredentials(join(this.root, 'credentials'), urls);
    const [sinkId = 0] = writeTransaction(state, () =>
      new Sinks(state).save(this.routeId, [{ ...sinkOf(this.directory, credentials), ...sink }]),
    );
    this.sinkId = sinkId;
    const write = (line: string) => void this.log.push(JSON.parse(line));
    const logger = createLogger({ level: 'debug', format: 'json', process: 'hand', sink: { write } });
    this.claims = new Claims(state, { ...thisProcess(), owner: 'hand' });
    this.#keeper = new LeaseKeeper(this.claims, clock, LEASE_MS);
    const options = {
      state,
      logger,
      clock,
      random: () => 1,
      crash: { reach: (point: CrashPoint) => this.#reach(point) },
      stopping: stop.signal,
      env: {},
      home: '/nonexistent',
      retryMs: 1000,
      maxRetries: 2,
      keepRecordsDays,
      patienceMs,
      onProgress: (_: Delta) => undefined,
    };
    this.handler = createUploadHandler(options);
    this.#executor = new Executor({ ...options, keeper: this.#keeper, maxAttempts: 5 });
    t.after(() => {
      stop.abort();
      this.#keeper.stop();
    });
  }

  at(place: string, key: string, bucket = 'buck', profile = 'lab'): string {
    return join(this.directory, place, profile, bucket, key);
  }

  /** Puts a file into `incoming` and its job into the queue. @returns the number of the job */
  drop(key: string, { content = 'content', bucket = 'buck', profile = 'lab' } = {}): number {
    return this.put(this.at('incoming', key, bucket, profile), content);
  }

  /** The same for a file anywhere. */
  put(path: string, content = 'content'): number {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    const stats = lstatIfSeen(fromText(path));
    if (stats === undefined) throw new Error('a file that was written is there');
    const { routeId, sinkId } = this;
    const sizeBytes = Number(stats.size);
    const job = {
      kind: 'upload',
      key: fromText(path),
      lane: laneOf(sizeBytes),
      routeId,
      sinkId,
      fingerprint: fingerprintOf(stats),
      sizeBytes,
    };
    new Enqueuer(this.state).put(job, this.clock.nowMs());
    const id = this.state.prepare<[], number>('SELECT max(id) FROM jobs').pluck().get();
    return Number(id);
  }

  /** Claims once, and handles what it got. @returns how many jobs that were */
  async step(lane: Lane = 'batch'): Promise<number> {
    const jobs = this.claim(lane);
    await this.handle(jobs);
    return jobs.length;
  }

  claim(lane: Lane = 'batch'): LeasedJob[] {
    const limit = lane === 'suspect' ? 1 : this.handler.lanes[lane].batchSize;
    const startedMs = this.clock.monotonicMs();
    const nowMs = this.clock.nowMs();
    const claimed = this.claims.claim({ kind: 'upload', lane, limit, leaseMs: LEASE_MS, nowMs });
    if (claimed === undefined) return [];
    const lease = this.#keeper.keep(claimed, startedMs);
    return claimed.jobs.map((job) => ({ ...job, lease }));
  }

  /** As a worker does. */
  async handle(jobs: readonly LeasedJob[]): Promise<void> {
    await this.#executor.execute(this.handler, jobs);
  }

  /** Dies at a point with what it claims from a lane, and others take that back. @returns how many jobs failed by it */
  async dieAt(point: CrashPoint, lane: Lane = 'batch'): Promise<number> {
    const jobs = this.claim(lane);
    this.#actions.set(point, () => {
      throw new Death(point);
    });
    await assert.rejects(this.handler.handle(jobs), Death);
    const taken = this.claims.reclaim(Number.MAX_SAFE_INTEGER, 5, () => false);
    return taken.reduce((sum, { failed }) => sum + failed.length, 0);
  }

  records(): {
    filepath: string;
    current_state: string;
    upload_outcome: string | null;
    reason: string | null;
  }[] {
    return this.state
      .prepare<[], ReturnType<UploadHand['records']>[number]>(
        'SELECT filepath, current_state, upload_outcome, reason FROM file_records ORDER BY id',
      )
      .all();
  }

  jobs(): { id: number; state: string; lane: string; key: string; reason: string | null }[] {
    return this.state
      .prepare<[], ReturnType<UploadHand['jobs']>[number]>(
        'SELECT id, state, lane, CAST(key AS TEXT) AS key, reason FROM jobs ORDER BY id',
      )
      .all();
  }

  #reach(point: CrashPoint): void {
    const action = this.#actions.get(point);
    this.#actions.delete(point);
    action?.();
  }
}

const NOWHERE = fromText('');
const ROUTE = {
  name: 'incoming',
  warehouse: NOWHERE,
  manifests: NOWHERE,
  duplicates: NOWHERE,
  onDuplicate: 'leave',
  dedupe: 'none',
  mode: 'close-write',
  stabilityMs: 0,
  takes: 'upload',
} as const;

const sinkOf = (directory: string, credentials: string): S3Sink => ({
  type: 's3',
  name: 'serve',
  credentials,
  to: { by: 'path', directory },
  decompress: false,
  maxOutputBytes: 1024 ** 3,
  maxRatio: 1000,
  after: { do: 'keep' },
});

function writeCredentials(path: string, urls: Readonly<Record<string, string>>): string {
  const profiles = Object.entries(urls).map(
    ([name, url]) =>
      `[${name}]\nprovider = s3\naws_access_key_id = A\naws_secret_access_key = s\nregion = r\nendpoint = ${url}\n`,
  );
  writeFileSync(path, profiles.join(''), { mode: 0o600 });
  return path;
}
