import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openState } from '../../shared/state/open.ts';
import { jsonLines } from './cli.ts';
import { assertSame, GRAIN_SCHEMA, type Grain, grainOf, LINE } from './grain.ts';
import { type Exit, Program, runProgram } from './program.ts';
import type { TablePlace } from './table-places.ts';
import { tempDir } from './temp.ts';
import { filesBelow } from './wharf.ts';

/** Longer than anything takes that is waited for here. */
const PATIENCE_MS = 60_000;

const PACE = ['--workers', '2', '--retry-seconds', '0.2', '--scan-seconds', '1', '--lease-seconds', '5'];

export type GranaryOptions = {
  /** Where all is; a temporary directory of the test otherwise. */
  root?: string;
  /** What the sink says beside target and table. */
  sink?: Readonly<Record<string, unknown>>;
  /** The same of the route. */
  route?: Readonly<Record<string, unknown>>;
  args?: readonly string[];
};

export const TABLE = 'grain';

/**
 * An input whose files go into one table, a state file, and the program run on them. What was dropped is counted here, by nothing that the
 * program uses.
 */
export class Granary {
  readonly root: string;
  readonly input: string;
  readonly warehouse: string;
  readonly state: string;
  readonly place: TablePlace;
  /** The rows of each distinct content that was dropped, those of its rejects apart. */
  readonly #contents = new Map<string, Grain>();
  readonly #config: string;
  readonly #args: readonly string[];
  #made = 0;

  constructor(t: TestContext, makePlace: (root: string) => TablePlace, options: GranaryOptions = {}) {
    this.root = options.root ?? tempDir(t);
    this.input = join(this.root, 'in');
    this.warehouse = join(this.root, 'warehouse');
    this.state = join(this.root, 'state', 'state.db');
    this.#config = join(this.root, 'wharfinger.yaml');
    this.#args = options.args ?? [];
    mkdirSync(this.input, { recursive: true });
    this.place = makePlace(this.root);
    const sink = {
      type: 'load',
      target: this.place.target,
      table: TABLE,
      task_bytes: '4KiB',
      task_wait_seconds: 0,
      schema: GRAIN_SCHEMA,
      ...options.sink,
    };
    const route = {
      name: 'grain',
      input: 'in',
      dedupe: 'none',
      stability_seconds: 0,
      ...options.route,
      sinks: [sink],
    };
    const places = { warehouse: 'warehouse', manifests: 'manifests', state_path: 'state/state.db' };
    writeFileSync(this.#config, JSON.stringify({ ...places, routes: [route] }));
  }

  args(...more: readonly string[]): string[] {
    return ['start', '--config', this.#config, ...PACE, '--log-level', 'debug', ...this.#args, ...more];
  }

  once(env: NodeJS.ProcessEnv = {}, ...more: readonly string[]): Promise<Exit> {
    return runProgram(this.args('--once', ...more), { ...this.place.env, ...env });
  }

  /** The program, until it is stopped. */
  run(env: NodeJS.ProcessEnv = {}, ...more: readonly string[]): Program {
    return new Program(this.args(...more), { ...this.place.env, ...env });
  }

  /** Another command on the state file. */
  command(...args: readonly string[]): Promise<Exit> {
    return runProgram([...args, '--state-path', this.state], this.place.env);
  }

  /** Puts a whole file into the input, as `mv` does. */
  put(name: string, content: string | Buffer): void {
    const made = join(this.root, `new-${++this.#made}`);
    writeFileSync(made, content);
    renameSync(made, join(this.input, name));
  }

  /** A file of `count` rows, from `first` on; where an amount is no number, its row is to be rejected. */
  drop(name: string, first: number, count: number): void {
    const grain = grainOf(name, first, count);
    const { content } = grain;
    // Of a content that comes again the rejects have the name of the one that was loaded: which that is, is not said.
    if (!this.#contents.has(content)) this.#contents.set(content, grain);
    this.put(name, content);
  }

  /** Reads the state file, which must be there. */
  read<Row>(sql: string): Row[] {
    const state = openState(this.state, { readonly: true });
    try {
      return state.prepare<[], Row>(sql).all();
    } finally {
      state.close();
    }
  }

  tasks(): { id: number; status: string; failure_msg: string | null }[] {
    return this.read('SELECT id, status, failure_msg FROM load_tasks ORDER BY id');
  }

  jobs(): {
    id: number;
    kind: string;
    state: string;
    reason: string | null;
    attempts: number;
  }[] {
    return this.read('SELECT id, kind, state, reason, attempts FROM jobs ORDER BY id');
  }

  /** What became of each file that was to be loaded, by name. */
  files(): {
    name: string;
    state: string;
    rows: number | null;
    rejects: number | null;
    reason: string | null;
  }[] {
    return this.read<{
      file_name: string;
      state: string;
      rows: number | null;
      rejects: number | null;
      reason: string | null;
    }>(
      'SELECT file_name, state, rows, rejects, reason FROM load_task_files JOIN scanner ON scanner.id = file_id ORDER BY file_name',
    ).map(({ file_name, ...file }) => ({
      name: file_name.slice(file_name.lastIndexOf('/') + 1),
      ...file,
    }));
  }

  /** How many files are loaded, or were in the table before. */
  loaded(): number {
    return this.read("SELECT 1 FROM load_task_files WHERE state IN ('loaded', 'present')").length;
  }

  /** Looks again and again until something holds of the state file, since nothing tells of it. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const endsAt = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > endsAt) {
        const left = JSON.stringify({ jobs: this.jobs(), tasks: this.tasks() }, undefined, 1);
        throw new Error(`not within ${PATIENCE_MS} ms: ${what}\n${left}`);
      }
      await delay(20);
    }
  }

  /** Each row of each content that was dropped is in the table once, each reject is on record once, and all commands agree. */
  async assertAllLoadedOnce(): Promise<void> {
    const contents = [...this.#contents.values()];
    const rows = contents.flatMap((content) => content.rows);
    const rejects = contents.flatMap((content) => content.rejects);
    const table = this.place.table(TABLE);
    const found = await this.place.ask(`SELECT ${LINE} FROM ${table}`);
    assertSame(
      found.map(([line]) => String(line)),
      rows,
      'rows',
    );
    await this.#assertRejects(rejects);
    await this.#assertRecords(rows.length, rejects.length);
    if (this.place.target.startsWith('parquet:')) this.#assertNothingTemporary();
    const verified = await this.command('verify', '--deep');
    assert.equal(verified.code, 0, `verify: ${verified.stdout}${verified.stderr}`);
    assert.doesNotMatch(verified.stdout, /not compared/);
  }

  async #assertRejects(rejects: readonly string[]): Promise<void> {
    const table = this.place.rejects(TABLE);
    const found =
      table === undefined
        ? []
        : await this.place.ask(
            `SELECT concat(file_name, '|', "column", '|', value) AS line FROM ${table} WHERE table_name = '${TABLE}'`,
          );
    const names = found.map(([line]) => String(line).replace(/^[^|]*\//, ''));
    assert.equal(names.length, rejects.length, 'rejects');
    assert.ok(
      names.every((name) => name.endsWith('|amount|many')),
      `only cells that were meant to be are rejected: ${names.slice(0, 3)}`,
    );
  }

  /** What the state file and `load list` say of it. */
  async #assertRecords(rows: number, rejects: number): Promise<void> {
    assert.deepEqual(this.jobs(), [], 'the queue');
    assert.deepEqual(this.read('SELECT * FROM load_publications'), [], 'nothing is half published');
    const [totals] = this.read<{ files: number; rows: number; rejects: number }>(
      'SELECT loaded_files AS files, loaded_rows AS rows, rejected_rows AS rejects FROM totals',
    );
    assert.deepEqual(totals, { files: this.#contents.size, rows, rejects }, 'totals');
    const listed = await this.command('load', 'list', '--json');
    assert.equal(listed.code, 0, listed.stderr);
    const tasks = jsonLines(listed.stdout);
    assert.deepEqual([...new Set(tasks.map(({ status }) => status))], ['LOADED'], listed.stdout);
    assert.equal(
      tasks.reduce((sum, task) => sum + Number(task.files), 0),
      this.read('SELECT 1 FROM scanner').length,
      'each file is in a task',
    );
  }

  #assertNothingTemporary(): void {
    const directory = this.place.target.slice('parquet:'.length);
    const temporary = filesBelow(directory).filter((path) => path.endsWith('.tmp'));
    assert.deepEqual(temporary, [], 'no temporary file is left');
  }
}
