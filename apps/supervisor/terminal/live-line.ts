import type { LineSink } from '../../../shared/log/sync-sink.ts';
import type { Stderr } from './stderr.ts';

/** A person reads a figure no faster. */
const EVERY_MS = 250;

const CLEAR = '\r\x1b[2K';

/**
 * One line at the bottom of a terminal, rewritten in place. Everything else that goes to the terminal goes through `write`,
 * which takes the line away, prints, and puts it back, all in one write. Between `start` and `stop` nothing else may print.
 */
export class LiveLine implements LineSink {
  readonly #stderr: Stderr;
  readonly #render: (width: number) => string;
  #timer: NodeJS.Timeout | undefined;
  #shown = '';

  /** @param render the text for a terminal of this many columns: one line that fits, or it would wrap and could not be cleared */
  constructor(stderr: Stderr, render: (width: number) => string) {
    this.#stderr = stderr;
    this.#render = render;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#draw(), EVERY_MS).unref();
    this.#draw();
  }

  /** Draws the line a last time and leaves it there: what comes next goes below it. */
  finish(): void {
    if (this.#timer === undefined) return;
    this.#draw();
    this.#stderr.write('\n');
    this.#shown = '';
    this.stop();
  }

  /** Takes the line away. May be called twice. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#shown !== '') this.#stderr.write(CLEAR);
    this.#shown = '';
  }

  /** Prints whole lines. */
  write(lines: string): void {
    this.#stderr.write(this.#shown === '' ? lines : `${CLEAR}${lines}${this.#shown}`);
  }

  #draw(): void {
    // The last column stays free: a terminal that has it filled may wrap.
    this.#shown = this.#render(Math.max(1, this.#stderr.width() - 1));
    this.#stderr.write(`${CLEAR}${this.#shown}`);
  }
}
