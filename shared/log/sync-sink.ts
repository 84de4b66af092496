import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';

/** Takes whole lines, each with its newline. */
export type LineSink = { write(line: string): void };

/** How long a full pipe is waited for before the line is given up: a reader that hangs must not hang the custody of files. */
const GIVE_UP_MS = 5_000;
const PAUSE_MS = 5;

/**
 * Lines to a file descriptor, written when `write` returns. What cannot be written (reader gone, disk full, a pipe that
 * stays full) is lost without an error: a log that fails is no reason to stop taking files.
 */
export function syncSink(fd: number): LineSink {
  return {
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

const never = new Int32Array(new SharedArrayBuffer(4));

/** A descriptor that somebody else made non-blocking says EAGAIN; there is no event to wait for while blocking. */
const pause = (): void => void Atomics.wait(never, 0, 0, PAUSE_MS);
