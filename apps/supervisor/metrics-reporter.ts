import type { Logger } from '../../shared/log/logger.ts';
import type { Meter } from '../../shared/metrics/meter.ts';
import {
  forgetUsage,
  type ProcessId,
  type ProcessUsage,
  sampleUsage,
} from '../../shared/metrics/process-usage.ts';
import type { StatsSource } from './stats-source.ts';

export type MetricsReporterOptions = {
  logger: Logger;
  meter: Meter;
  stats: StatsSource;
  processes(): ProcessId[];
  /** Whether anything is uploaded: else there is nothing to say of it. */
  sends: boolean;
  /** The same of what is loaded into tables. */
  loads: boolean;
  /** And of what is archived. */
  archives: boolean;
  everyMs: number;
};

/** Writes the `metrics` event at even intervals and at the end. */
export class MetricsReporter {
  readonly #options: MetricsReporterOptions;
  #rates;
  #usage: ProcessUsage[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MetricsReporterOptions) {
    this.#options = options;
    this.#rates = options.meter.mark();
  }

  start(): void {
    // The first sample of a process is only what the next one is compared with.
    void this.sample();
    this.#timer ??= setInterval(
      () => void this.sample().then(() => this.#timer && this.#report()),
      this.#options.everyMs,
    ).unref();
  }

  /** Looks what each process uses: for the next report, and for the last one, when the children are gone. */
  async sample(): Promise<ProcessUsage[]> {
    this.#usage = await sampleUsage(this.#options.processes());
    return this.#usage;
  }

  /** The last report. May be called twice. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#options.stats.expire();
    this.#report();
    forgetUsage();
  }

  #report(): void {
    const { logger, meter, stats, sends, loads, archives } = this.#options;
    const rates = this.#rates();
    this.#rates = meter.mark();
    const known = stats.latest();
    logger.info({
      event: 'metrics',
      files_per_second: round(rates.filesPerSecond),
      bytes_per_second: Math.round(rates.bytesPerSecond),
      ...(sends && {
        uploads_per_second: round(rates.uploadsPerSecond),
        upload_bytes_per_second: Math.round(rates.uploadBytesPerSecond),
      }),
      ...(loads && {
        rows_per_second: Math.round(rates.rowsPerSecond),
        unloaded_files: known?.loads?.waitingFiles ?? 0,
        oldest_unloaded_seconds: round(known?.loads?.oldestUnloadedSeconds ?? 0),
        rejected_rows: known?.loads?.rejectedRows ?? 0,
      }),
      ...(archives && {
        archived_per_second: round(rates.archivedPerSecond),
        unpublished_files: known?.archives?.waitingFiles ?? 0,
        oldest_unpublished_seconds: round(known?.archives?.oldestWaitingSeconds ?? 0),
      }),
      queue_depth: known?.depth ?? null,
      oldest_job_seconds: known === undefined ? null : round(known.oldestReadySeconds ?? 0),
      candidates: known?.candidates ?? null,
      failed: known?.failed ?? null,
      processes: this.#usage,
    });
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
