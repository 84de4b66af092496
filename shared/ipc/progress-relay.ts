import type { Progress } from './messages.ts';

/** Often enough for a live display, and rare beside the thousands of files a second that it reports. */
const EVERY_MS = 200;

const NOTHING: Progress = {
  files: 0,
  bytes: 0,
  duplicates: 0,
  failed: 0,
  uploaded: 0,
  uploadedBytes: 0,
  loadedFiles: 0,
  loadedRows: 0,
  rejectedRows: 0,
  archivedFiles: 0,
  archivedBytes: 0,
};

/** Adds up what a worker did and reports the sum a few times a second, never an empty one. */
export class ProgressRelay {
  readonly #report: (progress: Progress) => void;
  readonly #everyMs: number;
  #sum: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(report: (progress: Progress) => void, everyMs = EVERY_MS) {
    this.#report = report;
    this.#everyMs = everyMs;
  }

  add(delta: Progress): void {
    const sum = this.#sum ?? NOTHING;
    this.#sum = {
      files: sum.files + delta.files,
      bytes: sum.bytes + delta.bytes,
      duplicates: sum.duplicates + delta.duplicates,
      failed: sum.failed + delta.failed,
      uploaded: sum.uploaded + delta.uploaded,
      uploadedBytes: sum.uploadedBytes + delta.uploadedBytes,
      loadedFiles: sum.loadedFiles + delta.loadedFiles,
      loadedRows: sum.loadedRows + delta.loadedRows,
      rejectedRows: sum.rejectedRows + delta.rejectedRows,
      archivedFiles: sum.archivedFiles + delta.archivedFiles,
      archivedBytes: sum.archivedBytes + delta.archivedBytes,
    };
    this.#timer ??= setTimeout(() => this.flush(), this.#everyMs).unref();
  }

  /** Reports what there is now. May be called at any time, and must be before the process ends. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const sum = this.#sum;
    this.#sum = undefined;
    if (sum !== undefined) this.#report(sum);
  }
}
