import { constants, openSync, unlinkSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { EnvironmentError, errnoOf } from '../../errors.ts';

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const MODE = 0o600;

const writeAt = promisify(write);

/**
 * A file without a name: what is in it is gone as soon as nobody has it open, however this process ends.
 *
 * @throws EnvironmentError `load.scratch`
 */
export class ScratchFile {
  readonly fd: number;
  readonly #directory: string;
  #bytes = 0;

  /** @param name in `directory`, for a moment; a file of that name was left by a process that died in that moment */
  constructor(directory: string, name: string) {
    this.#directory = directory;
    const path = `${directory}/${name}`;
    try {
      removeIfThere(path);
      this.fd = openSync(path, FLAGS, MODE);
      removeIfThere(path);
    } catch (error) {
      throw this.#trouble(error);
    }
  }

  /** All of it, behind what was written before. The chunk may be used again once this has ended. */
  async write(chunk: Buffer): Promise<void> {
    try {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await writeAt(this.fd, chunk, written, chunk.length - written, this.#bytes);
        written += bytesWritten;
        this.#bytes += bytesWritten;
      }
    } catch (error) {
      throw this.#trouble(error);
    }
  }

  #trouble(error: unknown): unknown {
    const errno = errnoOf(error);
    if (errno === undefined) return error;
    return new EnvironmentError(`no plain copy can be written to ${this.#directory} (${errno})`, {
      code: 'load.scratch',
      op: 'write',
      subject: this.#directory,
      retryable: true,
      hint: 'it must be writable, and have room for the largest file as plain text',
      cause: error,
    });
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
