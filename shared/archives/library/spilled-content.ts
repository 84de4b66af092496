import { close, ftruncate, read, write } from 'node:fs';
import { promisify } from 'node:util';
import { openTemporaryFile, temporaryFault } from './temporary-file.ts';

const calls = {
  close: promisify(close),
  read: promisify(read),
  truncate: promisify(ftruncate),
  write: promisify(write),
};

/** Writes that follow each other are gathered: a file that is written line by line costs a call every so many bytes. */
const GATHERED_BYTES = 16 * 1024;

/** The content of an open file that is too large for memory, in a temporary file without a name. One call at a time. */
export class SpilledContent {
  readonly fd: number;
  readonly #directory: string;
  readonly #gathered = Buffer.allocUnsafeSlow(GATHERED_BYTES);
  #gatheredAt = 0;
  #gatheredBytes = 0;

  /** @throws EnvironmentError `archive.temporary`, here and in all calls */
  constructor(directory: string) {
    this.#directory = directory;
    this.fd = openTemporaryFile(directory);
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    const follows = position === this.#gatheredAt + this.#gatheredBytes;
    if (!follows || this.#gatheredBytes + bytes.length > GATHERED_BYTES) await this.flush();
    if (bytes.length > GATHERED_BYTES) return this.#writeWhole(bytes, position);
    if (this.#gatheredBytes === 0) this.#gatheredAt = position;
    this.#gatheredBytes += bytes.copy(this.#gathered, this.#gatheredBytes);
  }

  /** All `length` bytes: zeros where the file ends before. */
  async read(length: number, position: number): Promise<Buffer> {
    await this.flush();
    const bytes = Buffer.alloc(length);
    await this.#guard(async () => {
      for (let at = 0; at < length; ) {
        const { bytesRead } = await calls.read(this.fd, bytes, at, length - at, position + at);
        if (bytesRead === 0) return;
        at += bytesRead;
      }
    });
    return bytes;
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.flush();
    await this.#guard(() => calls.truncate(this.fd, sizeBytes));
  }

  /** Afterwards the descriptor shows all that was written. */
  async flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    await this.#writeWhole(this.#gathered.subarray(0, this.#gatheredBytes), this.#gatheredAt);
    this.#gatheredBytes = 0;
  }

  async free(): Promise<void> {
    this.#gatheredBytes = 0;
    await calls.close(this.fd);
  }

  #writeWhole(bytes: Buffer, position: number): Promise<void> {
    return this.#guard(async () => {
      for (let at = 0; at < bytes.length; )
        at += (await calls.write(this.fd, bytes, at, bytes.length - at, position + at)).bytesWritten;
    });
  }

  async #guard(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      throw temporaryFault(this.#directory, error);
    }
  }
}
