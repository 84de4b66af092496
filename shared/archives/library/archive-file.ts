import type { Content } from '../staging/deposit.ts';
import { assertData, assertWhole, fileClosedFault } from './faults.ts';
import type { FileContent } from './file-content.ts';

/** What a file asks of the archives that it was opened in. */
export type FileHost = {
  /** Resolves when it is acknowledged. */
  deposit(content: Content): Promise<void>;
  /** The file is neither open nor being closed any more. */
  forget(): void;
};

/**
 * A buffered file that is read and written in any order, and deposited when it is closed. Calls need not be awaited one by one: they are
 * done in the order in which they are made, and `size` and `position` are at once as if they were done.
 *
 * Where one fails (no room for the temporary file), all later ones do, `close()` among them: half a file is never deposited.
 */
export class ArchiveFile implements AsyncDisposable {
  /** As it was opened. */
  readonly path: string;
  readonly #content: FileContent;
  readonly #host: FileHost;
  readonly #depositOnDispose: boolean;
  #size = 0;
  #position = 0;
  #closing: Promise<void> | undefined;
  #state: 'open' | 'closed' | 'discarded' = 'open';

  /** See `Archives.open`. */
  constructor(path: string, content: FileContent, host: FileHost, depositOnDispose: boolean) {
    this.path = path;
    this.#content = content;
    this.#host = host;
    this.#depositOnDispose = depositOnDispose;
  }

  /** In bytes. */
  get size(): number {
    return this.#size;
  }

  /** Where the next write or read begins that is given no position. */
  get position(): number {
    return this.#position;
  }

  /** Whether `close()` was called and has not failed. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Writes all of `data`, text as UTF-8. Behind the end of the file what is left out becomes zeros.
   *
   * @param position in bytes; given, `this.position` stays where it is
   * @returns how many bytes it was
   * @throws EnvironmentError `archive.temporary`; UsageError `archive.file-closed`, `archive.option`
   */
  write(data: string | Uint8Array, position?: number): Promise<number> {
    try {
      this.#assertOpen();
      assertData(data);
      const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : viewOf(data);
      const at = this.#take(bytes.length, position);
      if (bytes.length === 0) return Promise.resolve(0);
      this.#size = Math.max(this.#size, at + bytes.length);
      return toldByClose(this.#content.write(bytes, at).then(() => bytes.length));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads `length` bytes, fewer where the file ends before, and all that is left where none is given.
   *
   * @param position in bytes; given, `this.position` stays where it is
   * @throws as `write`
   */
  async read(length?: number, position?: number): Promise<Buffer> {
    this.#assertOpen();
    if (length !== undefined) assertWhole('length', length);
    const left = Math.max(this.#size - (position ?? this.#position), 0);
    const bytes = Math.min(length ?? left, left);
    return this.#content.read(bytes, this.#take(bytes, position));
  }

  /**
   * The next write or read begins there, also behind the end.
   *
   * @throws UsageError `archive.option`, `archive.file-closed`
   */
  seek(position: number): void {
    this.#assertOpen();
    assertWhole('position', position);
    this.#position = position;
  }

  /** Makes the file so long: what is behind is gone, what is missing is zeros. The position stays. Throws as `write`. */
  truncate(size = 0): Promise<void> {
    try {
      this.#assertOpen();
      assertWhole('size', size);
      this.#size = size;
      return toldByClose(this.#content.truncate(size));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Deposits the file. Resolves when its bytes are durable in staging and somebody will collect them, also if this process is killed. May be
   * called twice. Where it fails nothing is deposited and the file is still open: close it again, for example when there is room again.
   *
   * @throws EnvironmentError as `Depositor.deposit`, or `archive.temporary`; UsageError `archive.file-closed` after `discard()`
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Nothing is deposited. May be called twice, and does nothing after `close()`. */
  async discard(): Promise<void> {
    if (this.#closing !== undefined || this.#state !== 'open') return;
    this.#state = 'discarded';
    this.#host.forget();
    await this.#content.free();
  }

  /** A file that was not closed is discarded, since its block may have failed; deposited where `depositOnDispose` asks for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'discarded') return;
    if (this.#closing !== undefined || this.#depositOnDispose) await this.close();
    else await this.discard();
  }

  async #close(): Promise<void> {
    try {
      if (this.#state === 'discarded') throw fileClosedFault(this.path);
      await this.#host.deposit(await this.#content.content(this.#size));
    } catch (error) {
      this.#closing = undefined;
      throw error;
    }
    this.#state = 'closed';
    this.#host.forget();
    await this.#content.free();
  }

  /** Where a call begins that is given `position` or none. */
  #take(bytes: number, position: number | undefined): number {
    if (position !== undefined) {
      assertWhole('position', position);
      return position;
    }
    const at = this.#position;
    this.#position += bytes;
    return at;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined || this.#state !== 'open') throw fileClosedFault(this.path);
  }
}

/** What has failed fails `close()` as well: who does not await each call has not left it to nobody, and his process goes on. */
function toldByClose<Result>(done: Promise<Result>): Promise<Result> {
  done.catch(() => undefined);
  return done;
}

const viewOf = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
