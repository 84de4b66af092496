import type { Output } from '../context.ts';
import { count } from './text.ts';

/** More often nobody can read it. */
const BETWEEN_MS = 100;

/** A line on a terminal that is written over again and again; nothing where nobody looks. */
export class ProgressLine {
  readonly #output: Output;
  readonly #monotonicMs: () => number;
  #shown = false;
  #shownAtMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output, monotonicMs: () => number) {
    this.#output = output;
    this.#monotonicMs = monotonicMs;
  }

  show(what: string, done: number, total: number | undefined): void {
    if (!this.#output.isTerminal) return;
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#shownAtMs < BETWEEN_MS) return;
    this.#shownAtMs = nowMs;
    const of = total === undefined ? '' : ` of ${count(Math.max(done, total))}`;
    this.#output.write(`\r\x1b[K${what}: ${count(done)}${of}`);
    this.#shown = true;
  }

  /** To be called before anything else is written. */
  clear(): void {
    if (this.#shown) this.#output.write('\r\x1b[K');
    this.#shown = false;
  }
}
