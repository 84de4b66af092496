import type { Finding, Note, Progress, Report } from '../../../shared/ledger/verify/finding.ts';
import type { VerifySummary } from '../../../shared/ledger/verify/verify.ts';
import type { CliContext } from '../context.ts';
import {
  findingJson,
  findingText,
  noteJson,
  noteText,
  summaryJson,
  summaryText,
  type Tally,
} from './findings.ts';
import { ProgressLine } from './progress.ts';

/** Prints what `verify` finds as it finds it, keeping the numbers alone. */
export class FindingPrinter implements Report {
  readonly #context: CliContext;
  readonly #json: boolean;
  readonly #progress: ProgressLine;
  readonly #tally: Tally = {};

  constructor(context: CliContext, json: boolean) {
    this.#context = context;
    this.#json = json;
    this.#progress = new ProgressLine(context.stderr, context.clock.monotonicMs);
  }

  get found(): number {
    return Object.values(this.#tally).reduce((sum, found) => sum + found, 0);
  }

  finding(finding: Finding): void {
    this.#tally[finding.problem] = (this.#tally[finding.problem] ?? 0) + 1;
    this.#write(this.#json ? findingJson(finding) : findingText(finding));
  }

  note(note: Note): void {
    this.#write(this.#json ? noteJson(note) : noteText(note));
  }

  progress({ step, done, total }: Progress): void {
    this.#progress.show(step, done, total);
  }

  summary(summary: VerifySummary): void {
    this.#write(this.#json ? summaryJson(summary, this.#tally) : summaryText(summary, this.#tally));
  }

  #write(text: string): void {
    this.#progress.clear();
    this.#context.stdout.write(text);
  }
}
