import type { Verdict } from '../enqueue/findings.ts';

/** What a scan met. */
export class ScanCounts {
  /** Files looked at, the excluded ones not among them. */
  seen = 0;
  excluded = 0;
  /** Jobs that are new, or ready again. */
  enqueued = 0;
  /** Candidates that were met and still are. */
  candidates = 0;

  add(verdict: Verdict): void {
    if (verdict.is === 'excluded') this.excluded += 1;
    else if (verdict.is !== 'gone') this.seen += 1;
    if (verdict.is === 'incomplete' || verdict.is === 'waiting') this.candidates += 1;
  }

  /** A file that is counted when it is met itself, as the candidate that it is until this is written. */
  addBySidecar(verdict: Verdict): void {
    if (verdict.is === 'complete') this.candidates -= 1;
  }
}
