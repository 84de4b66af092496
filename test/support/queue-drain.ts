import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fromText } from '../../shared/fs/byte-path.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import type { DrainEvent, DrainOrder, DrainSettings } from './queue-drain-child.ts';
import { openHolder, TurnedClock } from './queue-holder.ts';
import { tempDir } from './temp.ts';

const CHILD = fileURLToPath(new URL('./queue-drain-child.ts', import.meta.url));

export type Start = { job: number; pid: number; startMs: number };
export type LogLine = string | Start;

/** A queue of many jobs in a state file, and the forked workers that drain it. */
export class Drain {
  readonly #jobs: number;
  readonly #files: { path: string; log: string };
  readonly #state;
  readonly #children: ChildProcess[] = [];
  readonly #changes = new EventEmitter();
  #executed = 0;
  readonly seen: { pid: number; event: DrainEvent }[] = [];

  constructor(t: TestContext, jobs: number) {
    const directory = tempDir(t);
    this.#jobs = jobs;
    this.#files = { path: join(directory, 'state.db'), log: join(directory, 'log') };
    const { state, enqueuer } = openHolder(this.#files.path, new TurnedClock());
    this.#state = state;
    state.exec('CREATE TABLE executed (job_id INTEGER, pid INTEGER)');
    writeTransaction(state, () => {
      for (let n = 0; n < jobs; n++) enqueuer.put({ kind: 'ingest', key: fromText(`job ${n}`) }, 0);
    });
    t.after(async () => {
      await Promise.all(this.#children.map((child) => stop(child)));
      state.close();
    });
  }

  start(settings: Partial<DrainSettings> = {}): ChildProcess {
    const all: DrainSettings = {
      ...this.#files,
      leaseMs: 600_000,
      stalls: false,
      seesDeath: true,
      ...settings,
    };
    const child = fork(CHILD, [JSON.stringify(all)]);
    this.#children.push(child);
    child.on('message', (event: DrainEvent) => {
      this.seen.push({ pid: child.pid ?? 0, event });
      if (event.does === 'executes') this.#executed += event.jobs;
      this.#changes.emit('change');
    });
    return child;
  }

  /** Resolves with the first event of that name from a worker. */
  async first<Does extends DrainEvent['does']>(
    does: Does,
    child?: ChildProcess,
  ): Promise<Extract<DrainEvent, { does: Does }>> {
    for (;;) {
      const found = this.seen.find(
        ({ pid, event }) => event.does === does && (child === undefined || pid === child.pid),
      );
      if (found !== undefined) return found.event as Extract<DrainEvent, { does: Does }>;
      await once(this.#changes, 'change');
    }
  }

  /** Resolves once as many jobs were executed as were put. */
  async done(): Promise<void> {
    while (this.#executed < this.#jobs) await once(this.#changes, 'change');
  }

  tell(child: ChildProcess, order: DrainOrder): void {
    child.send(order);
  }

  /** Notes something between the lines of the workers. */
  note(line: string): void {
    appendFileSync(this.#files.log, `${line}\n`);
  }

  /** What the workers started, and what was noted, in the order of the writes. */
  log(): LogLine[] {
    const lines = readFileSync(this.#files.log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => {
      const [, job, pid, startMs] = /^starts (\d+) (\d+) (\d+)$/.exec(line) ?? [];
      return job === undefined ? line : { job: Number(job), pid: Number(pid), startMs: Number(startMs) };
    });
  }

  assertEachExecutedOnce(): void {
    const counts = this.#state.prepare('SELECT count(*), count(DISTINCT job_id) FROM executed').raw().get();
    assert.deepEqual(counts, [this.#jobs, this.#jobs]);
    assert.deepEqual(this.#state.prepare('SELECT count(*) FROM jobs').pluck().get(), 0);
  }

  /** When the last of the leases that are held ends, in wall-clock time. */
  leasesEndMs(): number {
    return Number(this.#state.prepare('SELECT max(expires_ms) FROM leases').pluck().get());
  }

  workersThatExecuted(): number {
    return Number(this.#state.prepare('SELECT count(DISTINCT pid) FROM executed').pluck().get());
  }
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
