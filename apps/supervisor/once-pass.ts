import type { ScanReport } from '../../shared/ipc/messages.ts';

/** The one pass of `once`: over when each discoverer has told of its own. */
export class OncePass {
  readonly #discoverers: number;
  readonly #reports = new Map<string, ScanReport>();

  constructor(discoverers: number) {
    this.#discoverers = discoverers;
  }

  get isOver(): boolean {
    return this.#reports.size === this.#discoverers;
  }

  /** Takes what a discoverer found. @returns what all found, once the last of them has told */
  add(name: string, report: ScanReport): ScanReport | undefined {
    this.#reports.set(name, report);
    return this.isOver ? [...this.#reports.values()].reduce(sum) : undefined;
  }
}

const sum = (a: ScanReport, b: ScanReport): ScanReport => ({
  seenFiles: a.seenFiles + b.seenFiles,
  enqueuedJobs: a.enqueuedJobs + b.enqueuedJobs,
  incompleteFiles: a.incompleteFiles + b.incompleteFiles,
  incomplete: [...a.incomplete, ...b.incomplete],
});
