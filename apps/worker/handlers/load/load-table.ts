import type { TableSchema } from '../../../../shared/tables/contract.ts';
import { FileFaultError, TargetError } from '../../../../shared/tables/errors.ts';
import type { LoadResult } from '../../../../shared/tables/targets/target.ts';
import type { WaitingFile } from '../../../../shared/tables/task-files.ts';
import { beginTasks, chunksOf, piecesOf } from './begin.ts';
import { type Audited, closeAll, FileReader } from './file-reader.ts';
import { findLoaded, intoTarget } from './into-target.ts';
import { LeftTasks } from './left-tasks.ts';
import { addedBy, distinct, type Matched, matchFiles, type Ready, readAgain } from './match-files.ts';
import { badFileOf, type OpenFile } from './read-files.ts';
import { SchemaInHand } from './schema-in-hand.ts';
import { type BadFile, type Outcome, settle, settleEmpty } from './settle.ts';
import type { TableContext } from './table-context.ts';
import { assertTasksHeld, type TaskInHand } from './task-in-hand.ts';

/** Tasks are begun together up to so many bytes: those behind them go on gathering. */
const CHUNK_BYTES = 512 * 1024 * 1024;

/** Loads the tasks of one sink into its table, as many files a transaction of the target as may be. */
export class TableLoad {
  readonly #context: TableContext;
  readonly #tasks = new Map<number, TaskInHand>();
  readonly #schema: SchemaInHand;
  readonly #reader: FileReader;
  readonly #left = new LeftTasks();
  /** Files that had changed when they were to be loaded: each is read anew once. */
  readonly #wasReadAgain = new Set<number>();

  constructor(context: TableContext) {
    this.#context = context;
    this.#schema = new SchemaInHand(context);
    this.#reader = new FileReader(context, this.#schema);
  }

  /**
   * When it resolves each task is over, unless `signal` has aborted.
   *
   * @throws TargetError where the target does not take them; LeaseLostError
   */
  async run(tasks: readonly TaskInHand[]): Promise<void> {
    const { store, clock, limits, signal, sink, target } = this.#context;
    for (const task of tasks) this.#tasks.set(task.id, task);
    await this.#schema.open();
    for (const chunk of chunksOf(tasks, CHUNK_BYTES)) {
      if (signal.aborted) return;
      beginTasks(chunk, store, clock.nowMs());
      const { table } = sink.settings;
      const assertHeld = () => assertTasksHeld(chunk, store);
      await target.recover?.({ table, taskIds: chunk.map(({ id }) => id), assertHeld });
      await this.#loadPieces(piecesOf(chunk, store, limits));
      if (signal.aborted) return;
      this.#left.end(this.#tasks, this.#context);
      this.#settleEmpty(chunk);
    }
  }

  /** While the target loads one piece, which is work of its own threads, the next is read. */
  async #loadPieces(pieces: Iterator<WaitingFile[]>): Promise<void> {
    const { crash } = this.#context;
    let ahead: Promise<Audited> | undefined;
    try {
      for (;;) {
        const audited = await (ahead ?? this.#reader.audit(pieces.next().value));
        ahead = undefined;
        if (audited.open.length + audited.bad.length + audited.written.length === 0) return;
        crash.reach('load.audited');
        if (this.#schema.current !== undefined) {
          ahead = this.#reader.audit(pieces.next().value);
          ahead.catch(() => undefined);
        }
        this.#left.addWritten(audited.written);
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

  /** Loads files that are open, and settles them and those that are bad. */
  async #load(open: readonly OpenFile[], bad: readonly BadFile[]): Promise<void> {
    const { signal, crash } = this.#context;
    if (signal.aborted) return;
    const matched = await this.#match(open);
    this.#left.addWritten(matched.written);
    const { ready, schema } = matched;
    const faulty = [...bad, ...matched.bad];
    const { first, again } = distinct(ready);
    if (first.length === 0 || schema === undefined) return await this.#settle({ bad: faulty });
    let result: LoadResult;
    try {
      result = await this.#intoTarget(first, schema);
    } catch (error) {
      return await this.#loadAfter(error, { open, ready, bad });
    }
    this.#left.addLater(first, result);
    const read = first.map(({ file, csv }) => ({ file, sha256: csv.audit.sha256 }));
    const added = addedBy(first, result);
    await this.#settle({ bad: faulty, read, result, added });
    crash.reach('load.settled');
    if (result.loaded.length + result.present.length > 0) this.#schema.wasLoadedWith(schema, added);
    if (again.length > 0) await this.#load(again, []);
  }

  /**
   * A file that turns out to be bad leaves the others, which are loaded in halves: with many bad ones that ends soon. So are those that are
   * too much together.
   */
  async #loadAfter(
    error: unknown,
    { open, ready, bad }: { open: readonly OpenFile[]; ready: readonly Ready[]; bad: readonly BadFile[] },
  ): Promise<void> {
    if (isTooMuch(error) && ready.length > 1) {
      await this.#settle({ bad });
      return await this.#loadInHalves(open);
    }
    const fault = faultOf(error, ready);
    const blamed = open.find(({ file }) => file.fileId === fault?.fault.fileId);
    if (fault === undefined || blamed === undefined) throw error;
    if (fault.code === 'load.changed' && !this.#wasReadAgain.has(blamed.file.fileId)) {
      this.#wasReadAgain.add(blamed.file.fileId);
      const audited = await this.#readAgain(blamed);
      this.#left.addWritten(audited.written);
      const others = open.filter((one) => one !== blamed);
      return await this.#load([...others, ...audited.open], [...bad, ...audited.bad]);
    }
    await this.#settle({ bad: [...bad, badFileOf(blamed.file, fault)] });
    await this.#forgetUntried();
    // Those that did not match, too: it may have been the blamed one's columns that they did not match.
    await this.#loadInHalves(open.filter((one) => one !== blamed));
  }

  async #loadInHalves(open: readonly OpenFile[]): Promise<void> {
    const middle = Math.ceil(open.length / 2);
    await this.#load(open.slice(0, middle), []);
    await this.#load(open.slice(middle), []);
  }

  /** Who gave it another link or other rights has changed nothing that is loaded: what is in it now decides. */
  async #readAgain(one: OpenFile): Promise<Audited> {
    try {
      const isOpen = await readAgain(one, this.#reader);
      return isOpen ? { open: [one], bad: [], written: [] } : { open: [], bad: [], written: [one.file] };
    } catch (error) {
      this.#context.signal.throwIfAborted();
      return { open: [], bad: [badFileOf(one.file, error)], written: [] };
    }
  }

  #match(open: readonly OpenFile[]): Promise<Matched> {
    return matchFiles(open, { ...this.#context, reader: this.#reader, schemaInHand: this.#schema });
  }

  #intoTarget(ready: readonly Ready[], schema: TableSchema): Promise<LoadResult> {
    const tasks = new Set(ready.flatMap(({ file }) => this.#tasks.get(file.taskId) ?? []));
    return intoTarget(ready, schema, tasks, this.#context);
  }

  async #forgetUntried(): Promise<void> {
    for (const { job } of this.#tasks.values()) return await this.#schema.forgetUntried(job.lease.token);
  }

  async #settle(outcome: Partial<Outcome>): Promise<void> {
    const { store, sink, clock, onSettled } = this.#context;
    const { read = [], result = { loaded: [], present: [] }, added = [] } = outcome;
    const there = await findLoaded(outcome.bad ?? [], this.#context);
    const whole = {
      sink,
      added,
      bad: there.bad,
      read: [...read, ...there.read],
      result: { loaded: result.loaded, present: [...result.present, ...there.present] },
    };
    if (whole.read.length + whole.bad.length === 0) return;
    onSettled(settle(whole, this.#tasks, store, clock.nowMs()));
  }

  /** A task none of whose files waits was settled by a holder that died before it ended the job, or lost all its files to other tasks. */
  #settleEmpty(tasks: readonly TaskInHand[]): void {
    const { store, clock, onSettled, signal } = this.#context;
    const left = tasks.filter(({ over }) => !over);
    if (left.length === 0 || signal.aborted) return;
    onSettled(settleEmpty(left, store, clock.nowMs()));
  }
}

const isTooMuch = (error: unknown): error is TargetError =>
  error instanceof TargetError && error.code === 'load.memory';

/** What is too much alone is the file's own fault. */
function faultOf(error: unknown, [one]: readonly Ready[]): FileFaultError | undefined {
  if (error instanceof FileFaultError) return error;
  if (!isTooMuch(error) || one === undefined) return undefined;
  const { code, message: reason, hint } = error;
  return new FileFaultError({ fileId: one.file.fileId, code, reason, hint }, error);
}
