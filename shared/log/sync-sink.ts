import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';

/** Takes whole lines, each with its newline; many at a time where that is cheaper. */
export type LineSink = { write(line: string): void; writeAll?(lines: readonly string[]): void };

/** A sink in front of `sink` that can hold lines back, to pass on many at a time. */
export class CorkableSink implements LineSink {
  readonly #sink: LineSink;
  #held: string[] | undefined;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  write(line: string): void {
    if (this.#held === undefined) this.#sink.write(line);
    else this.#held.push(line);
  }

  /** Passes on what `work` writes when it returns or throws: a system call for all its lines, not one for each. */
  together(work: () => void): void {
    const isOutermost = this.#held === undefined;
    this.#held ??= [];
    try {
      work();
    } finally {
      if (isOutermost) {
        const held = this.#held;
        this.#held = undefined;
        if (this.#sink.writeAll !== undefined) this.#sink.writeAll(held);
        else for (const line of held) this.#sink.write(line);
      }
    }
  }
}

/** How long a full pipe is waited for before the line is given up: a reader that hangs must not hang the custody of files. */
const GIVE_UP_MS = 5_000;
const PAUSE_MS = 5;

/**
 * Lines to a file descriptor, written when `write` returns. What cannot be written (reader gone, disk full, a pipe that
 * stays full) is lost without an error: a log that fails is no reason to stop taking files.
 */
export function syncSink(fd: number): LineSink {
  return {
    writeAll(lines) {
      for (const whole of wholeLines(lines)) this.write(whole);
    },
    write(line) {
      let rest: Buffer = Buffer.from(line);
      const giveUpAt = performance.now() + GIVE_UP_MS;
      while (rest.length > 0) {
        try {
          rest = rest.subarray(writeSync(fd, rest));
        } catch (error) {
          const code = errnoOf(error);
          if (code === 'EINTR') continue;
          if (code !== 'EAGAIN' || performance.now() > giveUpAt) return;
          pause();
        }
      }
    },
  };
}

/** PIPE_BUF of Linux: what several processes write into one pipe, this many bytes at a time, is not mixed up. See pipe(7). */
const ATOMIC_BYTES = 4096;

/** The lines put together, as many at a time as a pipe takes whole. */
function* wholeLines(lines: readonly string[]): Generator<string> {
  let whole = '';
  let bytes = 0;
  for (const line of lines) {
    const more = Buffer.byteLength(line);
    if (bytes > 0 && bytes + more > ATOMIC_BYTES) {
      yield whole;
      whole = '';
      bytes = 0;
    }
    whole += line;
    bytes += more;
  }
  if (bytes > 0) yield whole;
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** A descriptor that somebody else made non-blocking says EAGAIN; there is no event to wait for while blocking. */
const pause = (): void => void Atomics.wait(never, 0, 0, PAUSE_MS);
