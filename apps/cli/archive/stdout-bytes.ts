import { write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errnoOf } from '../../../shared/errors.ts';
import { outputFault } from '../output-fault.ts';

/** Where content goes. */
export type ByteOutput = {
  /**
   * Resolves when the bytes were handed on, so that no more than one piece waits in memory.
   *
   * @returns false where whoever read has gone
   * @throws EnvironmentError `output`
   */
  write(bytes: Buffer): Promise<boolean>;
};

/** How long a full pipe is left alone: node:fs cannot wait for it. */
const PAUSE_MS = 1;

const writeSome = promisify(write);

/** Standard output or another open descriptor, to which `process.stdout` would keep in memory all that a slow reader has not taken yet. */
export const byteOutput = (fd: number): ByteOutput => ({
  async write(bytes) {
    for (let written = 0; written < bytes.length; ) {
      try {
        written += (await writeSome(fd, bytes, written, bytes.length - written, null)).bytesWritten;
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === 'EPIPE') return false;
        if (errno !== 'EAGAIN') throw outputFault(error);
        await sleep(PAUSE_MS);
      }
    }
    return true;
  },
});
