import { drawBar } from '../../supervisor/terminal/draw-bar.ts';
import type { Output } from '../context.ts';
import { bytes, count, duration } from '../format/text.ts';

/** What a terminal has that does not tell its width. */
const USUAL_COLUMNS = 80;
const CLEAR = '\r\x1b[K';

/** More often nobody can read it. */
const BETWEEN_MS = 100;

export type CopyFigures = { files: number; bytes: number; allFiles: number; allBytes: number };

/** How far copying is, on a terminal; nothing where nobody looks. */
export class CopyBar {
  readonly #output: Output;
  readonly #monotonicMs: () => number;
  readonly #startedMs: number;
  #shown = false;
  #shownAtMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output, monotonicMs: () => number) {
    this.#output = output;
    this.#monotonicMs = monotonicMs;
    this.#startedMs = monotonicMs();
  }

  show(figures: CopyFigures): void {
    if (!this.#output.isTerminal) return;
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#shownAtMs < BETWEEN_MS) return;
    this.#shownAtMs = nowMs;
    // The last column stays free: a terminal that has it filled may wrap. One that does not know its width says 0.
    const width = (this.#output.columns || USUAL_COLUMNS) - 1;
    this.#output.write(`${CLEAR}${copyLine(figures, (nowMs - this.#startedMs) / 1000, width)}`);
    this.#shown = true;
  }

  /** To be called before anything else is written. */
  clear(): void {
    if (this.#shown) this.#output.write(CLEAR);
    this.#shown = false;
  }
}

/** `████░░░░ 45% · 3/10 files · 12 MB of 40 MB · 5.2 MB/s · 6 s left`, as much of it as fits. */
export function copyLine(figures: CopyFigures, seconds: number, width: number): string {
  const { files, allFiles, allBytes } = figures;
  // What grows while it is copied is more than was thought.
  const done = Math.min(figures.bytes, allBytes);
  const share = allBytes === 0 ? files / Math.max(1, allFiles) : done / allBytes;
  const bytesPerSecond = seconds > 0 ? done / seconds : 0;
  const parts = [
    `${drawBar(share, width)} ${Math.floor(share * 100)}%`,
    `${count(files)}/${count(allFiles)} files`,
    `${bytes(done)} of ${bytes(allBytes)}`,
    // What the first moments let one expect is nonsense.
    ...(bytesPerSecond > 0 && seconds >= 1
      ? [`${bytes(bytesPerSecond)}/s`, `${duration((allBytes - done) / bytesPerSecond)} left`]
      : []),
  ];
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line} · ${part}`;
    if (longer.length > width) break;
    line = longer;
  }
  return line;
}
