import { Counter, Gauge, Registry } from 'prom-client';
import type { QueueStats } from '../queue/inspect/stats.ts';
import { TASK_STATUSES } from '../tables/tasks.ts';
import type { ProcessUsage } from './process-usage.ts';
import type { MetricsSnapshot } from './snapshot.ts';

const JOB_STATES = ['ready', 'delayed', 'leased', 'failed'] as const;

/**
 * The metrics in Prometheus' form. Names and meanings are a contract with dashboards and alerts. Files and duplicates are counted by
 * the state file and not by this process, so that a restart or a worker's death loses none; where several supervisors share a
 * state file each tells the same sums.
 */
export class PrometheusMetrics {
  readonly #registry = new Registry();
  readonly #files = this.#counter('files_committed_total', 'Files committed since the state file was made.');
  readonly #bytes = this.#counter(
    'bytes_committed_total',
    'Bytes of the files committed since the state file was made.',
  );
  readonly #duplicates = this.#counter('duplicates_total', 'Files whose content was committed before.');
  readonly #uploaded = this.#counter('files_uploaded_total', 'Files uploaded since the state file was made.');
  readonly #uploadedBytes = this.#counter(
    'bytes_uploaded_total',
    'Bytes of the files uploaded since the state file was made, before any is unpacked.',
  );
  readonly #loadTasks = this.#gauge('load_tasks', 'Tasks that load files into tables, by status.', [
    'status',
  ]);
  readonly #unloaded = this.#gauge('unloaded_files', 'Files that wait to be loaded into a table.');
  readonly #oldestUnloaded = this.#gauge(
    'oldest_unloaded_seconds',
    'Time since the oldest file that waits to be loaded was scanned; 0 where there is none.',
  );
  readonly #loaded = this.#counter(
    'files_loaded_total',
    'Files loaded into tables since the state file was made.',
  );
  readonly #loadedRows = this.#counter('loaded_rows_total', 'Rows of the files loaded into tables.');
  readonly #rejectedRows = this.#counter(
    'rejected_rows_total',
    'Rows of those files that are in the table of rejects instead.',
  );
  readonly #archived = this.#counter(
    'files_archived_total',
    'Files published in archives since the state file was made.',
  );
  readonly #archivedBytes = this.#counter(
    'bytes_archived_total',
    'Bytes of those files, before they are packed.',
  );
  readonly #unpublished = this.#gauge(
    'unpublished_files',
    'Files that are deposited and not yet seen in their archives.',
  );
  readonly #oldestUnpublished = this.#gauge(
    'oldest_unpublished_seconds',
    'Time since the oldest of them was deposited; 0 where there is none.',
  );
  readonly #failed = this.#gauge(
    'failed_jobs',
    'Jobs that wait for a person: see `wharfinger queue list --state failed`.',
  );
  readonly #depth = this.#gauge('queue_depth', 'Jobs by kind and state.', ['kind', 'state']);
  readonly #candidates = this.#gauge('candidates', 'Files seen and not yet known to be complete.');
  readonly #overdue = this.#gauge(
    'overdue_files',
    'Candidates that have waited longer than --overdue-seconds.',
  );
  readonly #oldest = this.#gauge(
    'oldest_ready_seconds',
    'Age of the oldest job that could be taken now; 0 where there is none.',
  );
  readonly #cpu = this.#gauge('process_cpu_percent', 'Percent of one core, lately.', ['name']);
  readonly #rss = this.#gauge('process_resident_bytes', 'Resident memory.', ['name']);
  readonly #restarts = this.#counter(
    'worker_restarts_total',
    'Deaths of workers since this supervisor started.',
  );

  constructor(version: string) {
    this.#gauge('build_info', 'Always 1.', ['version', 'node']).set(
      { version, node: process.versions.node },
      1,
    );
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text to answer a scrape with. What the snapshot does not know keeps its last value. */
  text({ stats, processes, workerRestarts }: MetricsSnapshot): Promise<string> {
    if (stats !== undefined) this.#setStats(stats);
    this.#setProcesses(processes);
    setCounter(this.#restarts, workerRestarts);
    return this.#registry.metrics();
  }

  #setStats(stats: QueueStats): void {
    setCounter(this.#files, stats.committed);
    setCounter(this.#bytes, stats.committedBytes);
    setCounter(this.#duplicates, stats.duplicates);
    setCounter(this.#uploaded, stats.uploaded);
    setCounter(this.#uploadedBytes, stats.uploadedBytes);
    this.#failed.set(stats.failed);
    this.#candidates.set(stats.candidates);
    this.#overdue.set(stats.overdue);
    this.#oldest.set(stats.oldestReadySeconds ?? 0);
    this.#setLoads(stats.loads);
    this.#setArchives(stats.archives);
    this.#depth.reset();
    for (const [kind, states] of Object.entries(stats.kinds)) {
      for (const state of JOB_STATES) this.#depth.set({ kind, state }, states[state]);
    }
  }

  #setLoads(loads: QueueStats['loads']): void {
    setCounter(this.#loaded, loads?.loadedFiles ?? 0);
    setCounter(this.#loadedRows, loads?.loadedRows ?? 0);
    setCounter(this.#rejectedRows, loads?.rejectedRows ?? 0);
    this.#unloaded.set(loads?.waitingFiles ?? 0);
    this.#oldestUnloaded.set(loads?.oldestUnloadedSeconds ?? 0);
    for (const status of TASK_STATUSES) this.#loadTasks.set({ status }, loads?.tasks[status] ?? 0);
  }

  #setArchives(archives: QueueStats['archives']): void {
    setCounter(this.#archived, archives?.archivedFiles ?? 0);
    setCounter(this.#archivedBytes, archives?.archivedBytes ?? 0);
    this.#unpublished.set(archives?.waitingFiles ?? 0);
    this.#oldestUnpublished.set(archives?.oldestWaitingSeconds ?? 0);
  }

  #setProcesses(processes: readonly ProcessUsage[]): void {
    this.#cpu.reset();
    this.#rss.reset();
    for (const { name, cpu, rss } of processes) {
      this.#cpu.set({ name }, cpu);
      this.#rss.set({ name }, rss);
    }
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `wharfinger_${name}`, help, registers: [this.#registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> {
    return new Gauge({ name: `wharfinger_${name}`, help, labelNames, registers: [this.#registry] });
  }
}

/** prom-client's counters only add; the truth is a sum that is kept elsewhere. */
function setCounter(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
