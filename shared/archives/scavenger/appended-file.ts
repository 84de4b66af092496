import * as fs from 'node:fs';
import { promisify } from 'node:util';

const write = promisify(fs.write);
const fsync = promisify(fs.fsync);

/** A file that is only written at its end. */
export class AppendedFile {
  readonly fd: number;
  readonly #buffer: Buffer;
  #filled = 0;
  #written: number;
  #isClosed = false;

  /**
   * @param fd open for writing; its own from now on
   * @param sizeBytes where it goes on
   * @param buffer in which small pieces are put together before they are written: its own until it is closed
   */
  constructor(fd: number, sizeBytes: number, buffer: Buffer) {
    this.fd = fd;
    this.#written = sizeBytes;
    this.#buffer = buffer;
  }

  get sizeBytes(): number {
    return this.#written + this.#filled;
  }

  /**
   * @param piece written or copied when it returns
   * @throws as node:fs does: ENOSPC, …
   */
  async append(piece: Buffer): Promise<void> {
    if (this.#filled + piece.length > this.#buffer.length) await this.#flush();
    if (piece.length > this.#buffer.length) return this.#write(piece);
    piece.copy(this.#buffer, this.#filled);
    this.#filled += piece.length;
  }

  /** When it returns all is durable, and the file closed. */
  async finish(): Promise<void> {
    await this.#flush();
    await fsync(this.fd);
    this.close();
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    fs.closeSync(this.fd);
  }

  async #flush(): Promise<void> {
    await this.#write(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  async #write(piece: Buffer): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await write(this.fd, piece, done, piece.length - done, this.#written + done);
      done += bytesWritten;
    }
    this.#written += piece.length;
  }
}
