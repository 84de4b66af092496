import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.ts';
import { LeaseLostError } from '../../errors.ts';
import type { State } from '../../state/open.ts';
import { type Content, Contents } from '../contents.ts';
import type { Column, FileLoad, FileToLoad } from '../contract.ts';
import { type Duck, openDuckDB } from '../engine/instance.ts';
import { TargetError } from '../errors.ts';
import { type LoadCrashPoints, noLoadCrashPoints } from '../load-crash-points.ts';
import { Publications } from '../publications.ts';
import { targetErrorOf } from './duckdb-errors.ts';
import { assertLayout, assertName, dataDirectory, pathBelow } from './parquet-layout.ts';
import { ParquetOwner } from './parquet-owner.ts';
import { isThere, type PublishOptions, publish, settlePlan, sweepTemporaries } from './parquet-publish.ts';
import { countRows, describeFiles } from './parquet-read.ts';
import { type Group, type Written, writeGroup } from './parquet-write.ts';
import type { FileRecord, Load, LoadRecord, LoadResult, Recovery, TableCensus, Target } from './target.ts';

export type ParquetTargetOptions = {
  directory: string;
  /** Which contents are there: one state file a directory. */
  state: State;
  /** A directory for what does not fit into memory. */
  scratch: string;
  threads: number;
  memoryMiB: number;
  clock?: Clock;
  /** Eight hex digits, others at each call. */
  random?: () => string;
  crash?: LoadCrashPoints;
};

/**
 * A directory of Parquet files: `<table>/ingest_date=YYYY-MM-DD/part-<task>-<random>.parquet`, one a task, and the rejects in
 * `<table>_rejects` likewise. Any number of processes load at a time. How each file is published once stands in docs/tables.md; the files of
 * one task are there all or not at all, those of several tasks of a load one task after the other.
 */
export async function openParquetTarget(options: ParquetTargetOptions): Promise<Target> {
  const { scratch, threads, memoryMiB } = options;
  return new ParquetTarget(await openDuckDB({ path: ':memory:', scratch, threads, memoryMiB }), options);
}

class ParquetTarget implements Target {
  readonly #duck: Duck;
  readonly #directory: string;
  readonly #contents: Contents;
  readonly #owner: ParquetOwner;
  readonly #publishing: PublishOptions;
  readonly #clock: Clock;
  readonly #random: () => string;

  constructor(duck: Duck, options: ParquetTargetOptions) {
    const { directory, state, clock = systemClock, crash = noLoadCrashPoints } = options;
    this.#duck = duck;
    this.#directory = directory;
    this.#contents = new Contents(state);
    this.#owner = new ParquetOwner(state, this.#contents);
    this.#publishing = {
      state,
      contents: this.#contents,
      publications: new Publications(state),
      owner: this.#owner,
      crash,
    };
    this.#clock = clock;
    this.#random = options.random ?? (() => randomBytes(4).toString('hex'));
  }

  describe(table: string): Promise<Column[] | undefined> {
    return this.#explained(() => describeFiles(this.#duck.connection, this.#directory, table));
  }

  recover(recovery: Recovery): Promise<void> {
    return this.#explained(async () => this.#recover(recovery));
  }

  #recover(recovery: Recovery): void {
    const { table, taskIds } = recovery;
    assertName(table);
    recovery.assertHeld();
    this.#owner.ensure(this.#directory);
    for (const taskId of taskIds) {
      settlePlan(this.#publishing, recovery, taskId);
      sweepTemporaries(this.#directory, table, taskId);
    }
  }

  load(load: Load): Promise<LoadResult> {
    return this.#explained(async () => {
      const { table, schema, files } = load;
      const added = files.flatMap(({ match }) => match.added);
      assertLayout(table, schema, added);
      for (;;) {
        load.signal.throwIfAborted();
        const taskIds = [...new Set(files.map(({ taskId }) => taskId))];
        this.#recover({ ...load, taskIds });
        this.#assertNotGone(table);
        const { present, later, rest } = this.#examine(load);
        const written = await this.#write(load, groupsOf(rest));
        load.signal.throwIfAborted();
        // Each time round another task has planned a content of these, which is not among the rest any more.
        if (written.length > 0 && !this.#publish(load, written)) continue;
        return {
          loaded: written.flatMap(({ loaded }) => loaded),
          present,
          ...(later.length > 0 ? { later } : {}),
        };
      }
    });
  }

  async #write(load: Load, groups: readonly Group[]): Promise<Written[]> {
    const options = {
      connection: this.#duck.connection,
      directory: this.#directory,
      nowMs: this.#clock.nowMs(),
      random: this.#random,
    };
    const written: Written[] = [];
    for (const group of groups) written.push(await writeGroup(options, load, group));
    if (written.length > 0) this.#publishing.crash.reach('parquet.written');
    return written;
  }

  /**
   * Where publishing fails in the middle, it is ended at once as far as it can be: what is left waits for the next holder.
   *
   * @returns as `publish` does
   */
  #publish(load: Load, written: readonly Written[]): boolean {
    try {
      return publish(this.#publishing, load, written);
    } catch (error) {
      if (!(targetErrorOf(error, '') instanceof TargetError)) throw error;
      load.assertHeld();
      if (!this.#isEnded(load, written)) throw error;
      return true;
    }
  }

  /** @returns whether all of it is published */
  #isEnded(load: Load, written: readonly Written[]): boolean {
    try {
      return written
        .map(({ taskId }) => settlePlan(this.#publishing, load, taskId) ?? false)
        .every((isPublished) => isPublished);
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      return false;
    }
  }

  /** Which contents are there, which are about to be, and which are neither. */
  #examine(load: Load): { present: FileLoad[]; later: number[]; rest: FileToLoad[] } {
    const present: FileLoad[] = [];
    const later: number[] = [];
    const rest: FileToLoad[] = [];
    for (const file of load.files) {
      const { fileId, csv } = file;
      const content = this.#contentOf(load, csv.audit.sha256);
      if (content === undefined) rest.push(file);
      else if (!content.isPublished) later.push(fileId);
      else present.push({ fileId, rows: content.rows, rejects: content.rejects });
    }
    return { present, later, rest };
  }

  /** What a task was about to publish whose holder has died is decided here and now: nobody else may come for it. */
  #contentOf(load: Load, sha256: string): Content | undefined {
    const table = { target: this.#directory, table: load.table };
    const content = this.#contents.of(table, sha256);
    if (content === undefined || content.isPublished) return content;
    if (this.#publishing.publications.isInHand(content.taskId)) return content;
    settlePlan(this.#publishing, load, content.taskId);
    return this.#contents.of(table, sha256);
  }

  #assertNotGone(table: string): void {
    if (!this.#contents.hasPublished({ target: this.#directory, table })) return;
    const place = dataDirectory(table);
    if (isThere(pathBelow(this.#directory, place))) return;
    throw new TargetError('refused', `the directory ${place} is gone, and files were loaded into it`, {
      code: 'load.table-gone',
      subject: `${this.#directory}/${place}`,
      hint: 'put it back, or load into another table',
    });
  }

  find(table: string, sha256s: readonly string[]): Promise<ReadonlyMap<string, FileRecord>> {
    return this.#explained(async () => {
      this.#owner.ensure(this.#directory);
      this.#assertNotGone(table);
      const found = new Map<string, FileRecord>();
      for (const sha256 of sha256s) {
        const content = this.#contents.of({ target: this.#directory, table }, sha256);
        if (content?.isPublished !== true) continue;
        found.set(sha256, { rows: content.rows, rejects: content.rejects });
      }
      return found;
    });
  }

  census(table: string): Promise<TableCensus | undefined> {
    return this.#explained(async () => {
      const rows = await countRows(this.#duck.connection, this.#directory, table);
      return rows === undefined ? undefined : { rows, records: this.#records(table) };
    });
  }

  *#records(table: string): Iterable<LoadRecord> {
    for (const content of this.#contents.published({ target: this.#directory, table })) {
      const { sha256, rows, rejects, fileName, file } = content;
      yield { sha256, fileName: fileName ?? file, rows, rejects };
    }
  }

  async close(): Promise<void> {
    this.#duck.close();
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw targetErrorOf(error, this.#directory);
    }
  }
}

/** By task: all files of one are of one day. */
function groupsOf(files: readonly FileToLoad[]): Group[] {
  return [...Map.groupBy(files, ({ taskId }) => taskId)].map(([taskId, ofTask]) => {
    const [ingestDate = '', ...others] = new Set(ofTask.map((file) => file.ingestDate));
    if (others.length > 0) throw new Error(`task ${taskId} has files of several days`);
    return { taskId, ingestDate, files: ofTask };
  });
}
