import type { LoadSink } from '../config/settings.ts';
import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';
import { type FoundFile, type ScannedFile, Scanner } from './scanner.ts';
import { TaskFiles } from './task-files.ts';
import { TaskJobs } from './task-jobs.ts';
import { LoadTasks } from './tasks.ts';

/** A sink of type `load` as files are gathered for it. */
export type GatheringSink = { id: number; settings: Pick<LoadSink, 'taskBytes' | 'taskWaitMs'> };

/** A task that files are put into. */
type Open = { id: number; sizeBytes: number; added: number[]; addedBytes: number };

/** Puts files that are to be loaded into tasks: the first step of docs/tables.md. */
export class Gatherer {
  readonly #state: State;
  readonly #scanner: Scanner;
  readonly #tasks: LoadTasks;
  readonly #files: TaskFiles;
  readonly #jobs: TaskJobs;

  constructor(state: State) {
    this.#state = state;
    this.#scanner = new Scanner(state);
    this.#tasks = new LoadTasks(state);
    this.#files = new TaskFiles(state);
    this.#jobs = new TaskJobs(state);
  }

  /**
   * Records files and adds them to the tasks that gather files of their sink and day, in a transaction of the caller: the one that
   * commits them, or that moves the mark of a scan. Files that are known already are passed by, so that it may be called again.
   *
   * Give it a thousand or so at a time: it takes a few statements for all, and some for each task.
   *
   * @returns how many are new
   */
  add(files: readonly FoundFile[], sink: GatheringSink, nowMs: number): number {
    const scanned = this.#scanner.add(files, sink.id, nowMs);
    for (const [ingestDate, group] of Map.groupBy(scanned, (file) => file.ingestDate))
      this.#gather(group, ingestDate, sink, nowMs);
    return scanned.length;
  }

  /**
   * Ends all gathering: nothing more is coming (`--once`). Any number of processes may call it, any number of times.
   *
   * @returns how many jobs it made ready
   */
  closeAll(nowMs: number): number {
    if (this.#tasks.allGathering().length === 0) return 0;
    return writeTransaction(
      this.#state,
      () => this.#tasks.allGathering().filter((task) => this.#close(task, task, nowMs)).length,
    );
  }

  #gather(files: readonly ScannedFile[], ingestDate: string, sink: GatheringSink, nowMs: number): void {
    const { taskBytes, taskWaitMs } = sink.settings;
    let open = this.#openTask(sink.id, ingestDate);
    for (const { id, sizeBytes } of files) {
      if (sizeBytes > taskBytes) {
        this.#alone({ id, sizeBytes }, sink.id, ingestDate, nowMs);
        continue;
      }
      if (open !== undefined && open.sizeBytes + sizeBytes > taskBytes) {
        this.#flush(open, sink.id, nowMs);
        this.#close(open, { sinkId: sink.id }, nowMs);
        open = undefined;
      }
      open ??= this.#begin(sink.id, ingestDate, taskWaitMs, nowMs);
      open.added.push(id);
      open.addedBytes += sizeBytes;
      open.sizeBytes += sizeBytes;
    }
    if (open === undefined) return;
    this.#flush(open, sink.id, nowMs);
    if (open.sizeBytes >= taskBytes) this.#close(open, { sinkId: sink.id }, nowMs);
  }

  #openTask(sinkId: number, ingestDate: string): Open | undefined {
    const task = this.#tasks.gatheringOf(sinkId, ingestDate);
    return task === undefined
      ? undefined
      : { id: task.id, sizeBytes: task.sizeBytes, added: [], addedBytes: 0 };
  }

  #begin(sinkId: number, ingestDate: string, taskWaitMs: number, nowMs: number): Open {
    const id = this.#tasks.add({ sinkId, ingestDate, gathering: true }, nowMs);
    this.#jobs.add({ id, sinkId, sizeBytes: 0 }, taskWaitMs > 0 ? nowMs + taskWaitMs : 0, nowMs);
    return { id, sizeBytes: 0, added: [], addedBytes: 0 };
  }

  #alone(file: { id: number; sizeBytes: number }, sinkId: number, ingestDate: string, nowMs: number): void {
    const { sizeBytes } = file;
    const id = this.#tasks.add({ sinkId, ingestDate, gathering: false }, nowMs);
    this.#tasks.grow(id, sizeBytes, nowMs);
    this.#files.add(id, [file.id]);
    this.#jobs.add({ id, sinkId, sizeBytes }, 0, nowMs);
  }

  #flush(open: Open, sinkId: number, nowMs: number): void {
    if (open.added.length === 0) return;
    this.#files.add(open.id, open.added);
    this.#tasks.grow(open.id, open.addedBytes, nowMs);
    this.#jobs.resize({ id: open.id, sinkId, sizeBytes: open.sizeBytes });
  }

  #close({ id }: { id: number }, { sinkId }: { sinkId: number }, nowMs: number): boolean {
    this.#tasks.stopGathering(id);
    return this.#jobs.makeReady({ id, sinkId }, nowMs);
  }
}
