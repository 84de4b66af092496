import { lstatSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { hasMark } from '../../apps/worker/handlers/ingest/mark.ts';
import type { LoadTools } from '../../apps/worker/handlers/load/tools.ts';
import type { LoadSink } from '../../shared/config/settings.ts';
import { fromText, join, toBytes, toText } from '../../shared/fs/byte-path.ts';
import type { LedgerRow } from '../../shared/ledger/ledger.ts';
import { SinkJobs } from '../../shared/queue/sink-jobs.ts';
import { Sinks } from '../../shared/queue/sinks.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { Gatherer } from '../../shared/tables/gather.ts';
import { LoadHand } from './loads-hand.ts';
import { commitFile, makeState, type StateFixture, type TakenFields, writeAt } from './state.ts';

const WAREHOUSE_MARK = '.wharfinger';

export type TaskRow = {
  id: number;
  status: string;
  failure_msg: string | null;
  gathering: number;
  size_in_bytes: number;
};
export type FileRow = {
  file: string;
  task_id: number;
  state: string;
  rows: number | null;
  rejects: number | null;
  reason: string | null;
};

export const loadSink = (over: Partial<LoadSink> = {}): LoadSink => ({
  type: 'load',
  name: 'table',
  target: { is: 'duckdb', path: '/nowhere/people.duckdb' },
  table: 'people',
  taskBytes: 1000,
  taskWaitMs: 0,
  declared: { nulls: ['NA'], header: true, encoding: 'utf-8', key: [] },
  onColumns: 'fail',
  maxRejects: 0,
  lineage: false,
  ...over,
});

/** A state file with a route whose committed files go into tables, and workers that load them. */
export class Loads {
  readonly fixture: StateFixture;
  readonly #context: TestContext;

  constructor(context: TestContext, sinks: readonly LoadSink[]) {
    this.#context = context;
    this.fixture = makeState(context);
    const { state, routeId, warehouse } = this.fixture;
    writeFileSync(toBytes(join(warehouse, WAREHOUSE_MARK)), '');
    if (!hasMark(warehouse)) throw new Error('the warehouse has its mark');
    this.save(sinks);
    state.prepare('UPDATE routes SET marked = 1 WHERE id = ?').run(routeId);
  }

  save(sinks: readonly LoadSink[]): void {
    const { state, routeId } = this.fixture;
    writeTransaction(state, () => new Sinks(state).save(routeId, sinks));
  }

  at(name: string): string {
    return toText(join(this.fixture.directory, fromText(name)));
  }

  /** Files that are in the warehouse and whose sinks were told of them, all by one commit. */
  commit(
    contents: Readonly<Record<string, string>>,
    { nowMs = Date.now(), ...fields }: { nowMs?: number } & TakenFields = {},
  ): LedgerRow[] {
    const rows = writeTransaction(this.fixture.state, () =>
      Object.entries(contents).map(([name, content]) =>
        commitFile(this.fixture, name, { decidedMs: nowMs, ...fields, content }),
      ),
    );
    this.handOn(rows, nowMs);
    return rows;
  }

  handOn(rows: readonly LedgerRow[], nowMs = Date.now()): void {
    const { state } = this.fixture;
    const sinks = new Sinks(state);
    const files = rows.map(({ id, destination, ...row }) => ({ ...row, ledgerId: id, path: destination }));
    const jobs = new SinkJobs(state);
    writeTransaction(state, () => jobs.add(files, (routeId) => sinks.ofRoute(routeId), nowMs));
  }

  /** Writes files of a store, and puts them into tasks as a scan does. @returns their paths */
  scan(contents: Readonly<Record<string, string>>, nowMs = Date.now()): string[] {
    const { state, directory } = this.fixture;
    const [sink] = new Sinks(state).ofRoute(this.fixture.routeId);
    if (sink?.settings.type !== 'load') throw new Error('a sink of type load is there');
    const { id, settings } = sink;
    const store = join(directory, fromText('store'));
    const found = Object.entries(contents).map(([name, content]) => {
      const path = join(store, fromText(name));
      writeAt(path, content);
      const { size, mtimeNs } = lstatSync(toBytes(path), { bigint: true });
      return { path, sizeBytes: Number(size), mtimeNs, ingestDate: '2026-01-02', custody: undefined };
    });
    writeTransaction(state, () => new Gatherer(state).add(found, { id, settings }, nowMs));
    return found.map(({ path }) => toText(path));
  }

  /** A worker with its own connection. */
  hand(tools: LoadTools, name = 'worker-1'): LoadHand {
    const hand = new LoadHand(this.fixture.statePath, tools, name);
    this.#context.after(() => hand[Symbol.dispose]());
    return hand;
  }

  tasks(): TaskRow[] {
    return this.fixture.state
      .prepare<[], TaskRow>(
        'SELECT id, status, failure_msg, gathering, size_in_bytes FROM load_tasks ORDER BY id',
      )
      .all();
  }

  files(): FileRow[] {
    return this.fixture.state
      .prepare<[], FileRow>(`
        SELECT file_name AS file, task_id, state, rows, rejects, reason
        FROM load_task_files JOIN scanner ON scanner.id = file_id ORDER BY file_id`)
      .all()
      .map((row) => ({ ...row, file: row.file.slice(row.file.lastIndexOf('/') + 1) }));
  }

  scanner(): { status: string; sha256: string | null }[] {
    return this.fixture.state
      .prepare<[], { status: string; sha256: string | null }>(
        'SELECT status, lower(hex(sha256)) AS sha256 FROM scanner ORDER BY id',
      )
      .all();
  }

  jobs(): {
    key: string;
    state: string;
    lane: string;
    attempts: number;
    reason: string | null;
    run_at_ms: number;
  }[] {
    return this.fixture.state
      .prepare<
        [],
        {
          key: string;
          state: string;
          lane: string;
          attempts: number;
          reason: string | null;
          run_at_ms: number;
        }
      >(
        "SELECT CAST(key AS TEXT) AS key, state, lane, attempts, reason, run_at_ms FROM jobs WHERE kind = 'load' ORDER BY id",
      )
      .all();
  }

  totals(): { files: number; rows: number; rejects: number } | undefined {
    return this.fixture.state
      .prepare<[], { files: number; rows: number; rejects: number }>(
        'SELECT loaded_files AS files, loaded_rows AS rows, rejected_rows AS rejects FROM totals',
      )
      .get();
  }
}
