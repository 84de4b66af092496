import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Kernel, linux } from '../../../apps/discoverer/kernel.ts';
import { type DiscovererReport, runDiscoverer } from '../../../apps/discoverer/main.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { RouteSettings } from '../../../shared/config/settings.ts';
import {
  type BytePath,
  dirname,
  fromBytes,
  join,
  relativeTo,
  toBytes,
  toText,
} from '../../../shared/fs/byte-path.ts';
import { createLogger } from '../../../shared/log/logger.ts';
import type { Candidate } from '../../../shared/queue/candidates.ts';
import { Candidates } from '../../../shared/queue/candidates.ts';
import { makeState, type StateFixture } from '../../support/state.ts';

/** Short enough that tests may wait for it, long enough that a look before it is over finds it so. */
export const STABILITY_MS = 150;

/** The real clock, turned by a test. */
export class TurnedClock implements Clock {
  #wallMs = 0;
  #monotonicMs = 0;

  nowMs(): number {
    return Date.now() + this.#wallMs;
  }

  monotonicMs(): number {
    return Math.floor(performance.now()) + this.#monotonicMs;
  }

  /** Time goes by. */
  pass(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Somebody sets the wall clock. */
  step(ms: number): void {
    this.#wallMs += ms;
  }
}

export type LogRecord = { event: string; level: string; [field: string]: unknown };

export type Job = {
  name: string;
  state: string;
  lane: string;
  fingerprint: string;
  size_bytes: number;
  payload: string | null;
};

/** A discoverer with real files, run once or kept running, in this process. */
export class Harness {
  readonly fixture: StateFixture;
  readonly clock = new TurnedClock();
  readonly log: LogRecord[] = [];
  readonly candidates: Candidates;
  kernel: Kernel = linux;
  queueLimit = 100_000;
  enqueued = 0;
  onEnqueued: (count: number) => void = () => undefined;
  route: RouteSettings;
  readonly #context: TestContext;

  constructor(context: TestContext, route: Partial<RouteSettings> = {}, busyTimeoutMs?: number) {
    this.#context = context;
    this.fixture = makeState(context, busyTimeoutMs);
    this.candidates = new Candidates(this.fixture.state);
    this.route = {
      name: 'orders',
      input: toText(this.fixture.input),
      recursive: true,
      warehouse: toText(this.fixture.warehouse),
      manifests: toText(this.fixture.manifests),
      duplicates: toText(this.fixture.duplicates),
      onDuplicate: 'move',
      dedupe: 'content',
      mode: 'stability',
      stabilityMs: STABILITY_MS,
      include: [],
      exclude: [],
      watch: 'auto',
      scanMs: 60_000,
      overdueMs: 3_600_000,
      sinks: [],
      ...route,
    };
  }

  get input(): BytePath {
    return this.fixture.input;
  }

  /** A path in the input. */
  path(name: string): BytePath {
    return join(this.input, name);
  }

  /** Writes a file with the directories above it. */
  write(name: string, content = `content of ${name}`): BytePath {
    const path = this.path(name);
    mkdirSync(toBytes(dirname(path)), { recursive: true });
    writeFileSync(toBytes(path), content);
    return path;
  }

  /** What `cp -p`, `rsync -t` and `scp -p` do to it. */
  forgeMtime(path: BytePath): void {
    utimesSync(toBytes(path), 1_000_000_000, 1_000_000_000);
  }

  /** One pass. */
  once(options: { routes?: RouteSettings[]; signal?: AbortSignal } = {}): Promise<DiscovererReport> {
    return this.#run({ once: true, signal: new AbortController().signal, routes: [this.route], ...options });
  }

  /** Runs until the test is over, or until it is stopped. */
  start(routes: RouteSettings[] = [this.route]): {
    stop(): Promise<DiscovererReport>;
    ended: Promise<DiscovererReport>;
  } {
    const stop = new AbortController();
    const ended = this.#run({ once: false, signal: stop.signal, routes });
    ended.catch(() => undefined);
    const end = () => {
      stop.abort();
      return ended;
    };
    this.#context.after(() => end().catch(() => undefined));
    return { stop: end, ended };
  }

  /** Runs and has made its first scan. */
  async started(routes: RouteSettings[] = [this.route]): Promise<{ stop(): Promise<DiscovererReport> }> {
    const scans = this.count('scan.finished');
    const running = this.start(routes);
    await this.until('its first scan', () => this.count('scan.finished') >= scans + routes.length);
    return running;
  }

  #run({ once, signal, routes }: { once: boolean; signal: AbortSignal; routes: RouteSettings[] }) {
    const { state, statePath } = this.fixture;
    return runDiscoverer({
      settings: { routes, uploadRoutes: [], queueLimit: this.queueLimit, once, statePath },
      state,
      logger: createLogger({
        level: 'trace',
        format: 'json',
        process: 'discoverer',
        sink: { write: (line) => void this.log.push(JSON.parse(line)) },
      }),
      clock: this.clock,
      signal,
      onEnqueued: (count) => {
        this.enqueued += count;
        this.onEnqueued(count);
      },
      kernel: this.kernel,
    });
  }

  /** Waits for something that no event of the test's tells of. */
  async until(what: string, condition: () => boolean, mostMs = 10_000): Promise<void> {
    const deadline = performance.now() + mostMs;
    while (!condition()) {
      if (performance.now() > deadline) {
        assert.fail(
          `waited in vain for ${what}; jobs ${JSON.stringify(this.jobs())}, log ${JSON.stringify(this.log)}`,
        );
      }
      await delay(2);
    }
  }

  /** All jobs, by their names below the input. */
  jobs(): Job[] {
    return this.fixture.state
      .prepare<[], Omit<Job, 'name'> & { key: Buffer }>(
        'SELECT key, state, lane, fingerprint, size_bytes, payload FROM jobs ORDER BY key',
      )
      .all()
      .map(({ key, ...job }) => ({ name: relativeTo(this.input, fromBytes(key)), ...job }));
  }

  names(): string[] {
    return this.jobs().map(({ name }) => name);
  }

  candidate(name: string): Candidate | undefined {
    return this.candidates.get(this.path(name));
  }

  async untilJobs(...names: string[]): Promise<void> {
    await this.until(`jobs ${names}`, () => this.names().join() === names.toSorted().join());
  }

  /** How many log records there are of an event. */
  count(event: string): number {
    return this.log.filter((record) => record.event === event).length;
  }

  fail(name: string, reason = 'it failed'): void {
    this.fixture.state
      .prepare("UPDATE jobs SET state = 'failed', reason = ? WHERE key = ?")
      .run(reason, toBytes(this.path(name)));
  }

  /** What a worker does that takes a job in hand. */
  lease(name: string): { complete(): void } {
    const { state } = this.fixture;
    const { lastInsertRowid: token } = state
      .prepare(`
        INSERT INTO leases (owner, host, boot, pid, pid_start, claimed_ms, expires_ms) VALUES ('worker-1', 'h', 'b', 1, '1', 1, 1)`)
      .run();
    state
      .prepare("UPDATE jobs SET state = 'leased', lease_token = ? WHERE key = ?")
      .run(token, toBytes(this.path(name)));
    return { complete: () => void state.prepare('DELETE FROM jobs WHERE lease_token = ?').run(token) };
  }

  /** What a worker does with a job that is done. */
  finish(name: string): void {
    this.fixture.state.prepare('DELETE FROM jobs WHERE key = ?').run(toBytes(this.path(name)));
  }
}
