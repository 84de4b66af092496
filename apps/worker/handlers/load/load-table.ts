import type { Clock } from '../../../../shared/clock.ts';
import { targetName } from '../../../../shared/config/table-texts.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import type {
  Column,
  Dialect,
  FileToLoad,
  PlainCsv,
  TableSchema,
} from '../../../../shared/tables/contract.ts';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';
import type { WaitingFile } from '../../../../shared/tables/task-files.ts';
import { Breath } from '../../breath.ts';
import { beginTasks, chunksOf, type PieceLimits, piecesOf } from './begin.ts';
import { badFileOf, type OpenFile, withReadPath } from './read-files.ts';
import { type BadFile, type Outcome, type Settled, settle, settleEmpty } from './settle.ts';
import type { LoadStore } from './store.ts';
import { DEFAULT_DIALECT, declaredDialect, schemaFrom, withDeclaredTypes } from './table-schema.ts';
import { assertTasksHeld, type TableSink, type TaskInHand } from './task-in-hand.ts';
import type { LoadTools, Sniffer } from './tools.ts';

export type LoadTableOptions = {
  target: Target;
  sink: TableSink;
  store: LoadStore;
  tools: Pick<LoadTools, 'sniffDialect' | 'openCsv' | 'matchColumns'>;
  /** Opened at need. */
  sniffer(): Promise<Sniffer>;
  scratch: string;
  clock: Clock;
  crash: CrashPoints;
  signal: AbortSignal;
  limits: PieceLimits;
  onSettled(settled: Settled): void;
};

/** Files that were read, and those that could not be. */
type Audited = { open: OpenFile[]; bad: BadFile[] };

/** A file that is ready to be loaded. */
type Ready = OpenFile & { toLoad: FileToLoad };

/** Tasks are begun together up to so many bytes: those behind them go on gathering. */
const CHUNK_BYTES = 512 * 1024 * 1024;

/** Loads the tasks of one sink into its table, as many files a transaction of the target as may be. */
export class TableLoad {
  readonly #options: LoadTableOptions;
  readonly #tasks = new Map<number, TaskInHand>();
  #described: Column[] | undefined;
  #schema: TableSchema | undefined;
  /** There is no table yet: nothing was ever loaded with this schema. */
  #isUntried = false;

  constructor(options: LoadTableOptions) {
    this.#options = options;
  }

  /**
   * When it resolves each task is over, unless `signal` has aborted.
   *
   * @throws TargetError where the target does not take them; LeaseLostError
   */
  async run(tasks: readonly TaskInHand[]): Promise<void> {
    const { store, clock, limits, signal, sink, target } = this.#options;
    for (const task of tasks) this.#tasks.set(task.id, task);
    const { settings } = sink;
    this.#described = await target.describe(settings.table);
    this.#isUntried = this.#described === undefined;
    const kept = store.schemas.get(targetName(settings.target), settings.table);
    this.#schema = schemaFrom(kept, this.#described, settings.declared);
    for (const chunk of chunksOf(tasks, CHUNK_BYTES)) {
      if (signal.aborted) return;
      beginTasks(chunk, store, clock.nowMs());
      await this.#loadPieces(piecesOf(chunk, store, limits));
      if (signal.aborted) return;
      this.#settleEmpty(chunk);
    }
  }

  /** While the target loads one piece, which is work of its own threads, the next is read. */
  async #loadPieces(pieces: Iterator<WaitingFile[]>): Promise<void> {
    const { crash } = this.#options;
    let ahead: Promise<Audited> | undefined;
    try {
      for (;;) {
        const audited = await (ahead ?? this.#audit(pieces.next().value));
        ahead = undefined;
        if (audited.open.length + audited.bad.length === 0) return;
        crash.reach('load.audited');
        if (this.#schema !== undefined) {
          ahead = this.#audit(pieces.next().value);
          ahead.catch(() => undefined);
        }
        try {
          await this.#load(audited.open, audited.bad);
        } finally {
          closeAll(audited);
        }
      }
    } finally {
      await ahead?.then(closeAll, () => undefined);
    }
  }

  /** Reads files from end to end. At a stop it has read none. @throws TargetError where the machine is short of something */
  async #audit(files: readonly WaitingFile[] = []): Promise<Audited> {
    const { clock, signal } = this.#options;
    const audited: Audited = { open: [], bad: [] };
    const breath = new Breath(clock);
    try {
      for (const file of files) {
        if (breath.isDue()) await breath.take();
        signal.throwIfAborted();
        try {
          audited.open.push(await this.#read(file));
        } catch (error) {
          signal.throwIfAborted();
          audited.bad.push(badFileOf(file, error));
        }
      }
      return audited;
    } catch (error) {
      closeAll(audited);
      if (signal.aborted) return { open: [], bad: [] };
      throw error;
    }
  }

  /** The first file of a table that nothing is known of shows its schema. */
  async #read(file: WaitingFile): Promise<OpenFile> {
    const { scratch, sink, signal, tools } = this.#options;
    const { header, encoding, nulls } = sink.settings.declared;
    const emptyIsNull = nulls.includes('');
    const { fileId, path, committedSha256: sha256, sizeBytes } = file;
    const expected = sha256 === undefined ? undefined : { sha256, sizeBytes };
    const dialect = await this.#dialectFor(file);
    const csv = await tools.openCsv(
      { fileId, path, dialect, header, encoding, emptyIsNull, scratch, expected },
      signal,
    );
    try {
      this.#schema ??= await this.#schemaOfFirst(csv, fileId);
    } catch (error) {
      csv.close();
      throw error;
    }
    return { file, dialect, csv };
  }

  async #dialectFor({ path }: WaitingFile): Promise<Dialect> {
    const { tools, sink } = this.#options;
    const { declared } = sink.settings;
    const known = this.#schema?.dialect ?? declaredDialect(declared);
    if (known !== undefined) return known;
    try {
      return await withReadPath(path, (readPath) => tools.sniffDialect(readPath, declared));
    } catch (error) {
      // Whatever is wrong with it, `openCsv` says better.
      if (errnoOf(error) === undefined) throw error;
      return DEFAULT_DIALECT;
    }
  }

  /**
   * Loads files that are open, and settles them and those that are bad. One that turns out to be bad leaves the others, which are loaded in
   * halves: with many bad ones that ends soon.
   */
  async #load(open: readonly OpenFile[], bad: readonly BadFile[]): Promise<void> {
    const { signal, crash } = this.#options;
    if (signal.aborted) return;
    const { ready, schema, bad: unmatched } = await this.#match(open);
    const faulty = [...bad, ...unmatched];
    const { first, again } = distinct(ready);
    if (first.length === 0 || schema === undefined) return this.#settle({ bad: faulty });
    let result: Outcome['result'];
    try {
      result = await this.#intoTarget(first, schema);
    } catch (error) {
      if (!(error instanceof FileFaultError)) throw error;
      const blamed = ready.find(({ file }) => file.fileId === error.fault.fileId);
      if (blamed === undefined) throw error;
      this.#settle({ bad: [...bad, badFileOf(blamed.file, error)] });
      await this.#forgetUntried();
      // Those that did not match, too: it may have been the blamed one's columns that they did not match.
      const rest = open.filter(({ file }) => file !== blamed.file);
      const middle = Math.ceil(rest.length / 2);
      await this.#load(rest.slice(0, middle), []);
      await this.#load(rest.slice(middle), []);
      return;
    }
    const read = first.map(({ file, csv }) => ({ file, sha256: csv.audit.sha256 }));
    const added = addedBy(first, result);
    this.#settle({ bad: faulty, read, result, added });
    crash.reach('load.settled');
    this.#schema = { ...schema, columns: [...schema.columns, ...added] };
    this.#isUntried = false;
    if (again.length > 0) await this.#load(again, []);
  }

  async #intoTarget(ready: readonly Ready[], schema: TableSchema): Promise<Outcome['result']> {
    const { target, sink, signal, store } = this.#options;
    const { table, maxRejects, lineage } = sink.settings;
    const tasks = new Set(ready.flatMap(({ file }) => this.#tasks.get(file.taskId) ?? []));
    return await target.load({
      table,
      schema,
      files: ready.map(({ toLoad }) => toLoad),
      maxRejects,
      lineage,
      signal,
      assertHeld: () => assertTasksHeld(tasks, store),
    });
  }

  /** Meets each file's columns with the table's. What one file adds the next ones find. */
  async #match(open: readonly OpenFile[]): Promise<{
    ready: Ready[];
    bad: BadFile[];
    /** As the table is before this load. */
    schema: TableSchema | undefined;
  }> {
    const ready: Ready[] = [];
    const bad: BadFile[] = [];
    const added: Column[] = [];
    for (const one of open) {
      try {
        const known = await this.#conform(one);
        const toLoad = await this.#matched(one, { ...known, columns: [...known.columns, ...added] });
        const { match } = toLoad;
        added.push(...match.added);
        // Each says all that it needs: the file that added a column first may not be loaded.
        const needs = added.filter(({ name }) => match.columns.some(({ into }) => into === name));
        ready.push({ ...one, toLoad: { ...toLoad, match: { ...match, added: needs } } });
      } catch (error) {
        bad.push(badFileOf(one.file, error));
      }
    }
    return { ready, bad, schema: this.#schema };
  }

  /** Sees that a file was read as the schema says; the schema may be another since. @returns the schema */
  async #conform(one: OpenFile): Promise<TableSchema> {
    const { dialect } = this.#schema ?? {};
    if (dialect?.delimiter !== one.dialect.delimiter || dialect.quote !== one.dialect.quote) {
      one.csv.close();
      Object.assign(one, await this.#read(one.file));
    }
    const schema = this.#schema;
    if (schema === undefined) throw new Error('a file was read, and there is no schema');
    return schema;
  }

  async #matched({ file, csv }: OpenFile, schema: TableSchema): Promise<FileToLoad> {
    const { tools, sniffer, sink } = this.#options;
    const { fileId, taskId, name, path, ingestDate } = file;
    let match = tools.matchColumns(csv, schema, sink.settings.onColumns, fileId);
    if (match.added.length > 0) {
      const typed = await (await sniffer()).added(csv, match, schema);
      match = withDeclaredTypes(typed, sink.settings.declared);
    }
    return { fileId, taskId, name, path, ingestDate, csv, match };
  }

  /** Of a table that is loaded into for the first time. Where two workers come here at the same time, the first one's holds for both. */
  async #schemaOfFirst(csv: PlainCsv, fileId: number): Promise<TableSchema> {
    const { sniffer, sink, store } = this.#options;
    const { target, table, declared } = sink.settings;
    const shown = await (await sniffer()).schemaOf(csv, declared, fileId);
    const schema = schemaFrom(shown, this.#described, declared);
    const kept = store.schemas.keep(targetName(target), table, schema ?? shown);
    return schemaFrom(kept, this.#described, declared) ?? kept;
  }

  /** A schema may have been taken from a file that will not do. As long as no table was made of it the next file is asked. */
  async #forgetUntried(): Promise<void> {
    const { store, sink, target } = this.#options;
    if (!this.#isUntried) return;
    this.#described = await target.describe(sink.settings.table);
    this.#isUntried = this.#described === undefined;
    if (!this.#isUntried) return;
    store.schemas.forget(targetName(sink.settings.target), sink.settings.table);
    this.#schema = undefined;
  }

  #settle(outcome: Partial<Outcome>): void {
    const { store, sink, clock, onSettled } = this.#options;
    const whole = { read: [], result: { loaded: [], present: [] }, added: [], bad: [], ...outcome, sink };
    if (whole.read.length + whole.bad.length === 0) return;
    onSettled(settle(whole, this.#tasks, store, clock.nowMs()));
  }

  /** A task none of whose files waits was settled by a holder that died before it ended the job, or lost all its files to other tasks. */
  #settleEmpty(tasks: readonly TaskInHand[]): void {
    const { store, clock, onSettled, signal } = this.#options;
    const left = tasks.filter(({ over }) => !over);
    if (left.length === 0 || signal.aborted) return;
    onSettled(settleEmpty(left, store, clock.nowMs()));
  }
}

const closeAll = ({ open }: Audited): void => {
  for (const { csv } of open) csv.close();
};

/** The columns that a load gave the table: files whose content was there have added nothing. */
function addedBy(ready: readonly Ready[], { loaded }: Outcome['result']): Column[] {
  const ids = new Set(loaded.map(({ fileId }) => fileId));
  const added = ready.flatMap(({ file, toLoad }) => (ids.has(file.fileId) ? toLoad.match.added : []));
  return [...new Map(added.map((column) => [column.name, column])).values()];
}

/** A content goes into one load once; the others with the same find it there. */
function distinct(ready: readonly Ready[]): { first: Ready[]; again: Ready[] } {
  const seen = new Set<string>();
  const [first, again]: [Ready[], Ready[]] = [[], []];
  for (const one of ready) {
    const { sha256 } = one.csv.audit;
    (seen.has(sha256) ? again : first).push(one);
    seen.add(sha256);
  }
  return { first, again };
}
