import { createDeflateRaw, type DeflateRaw } from 'node:zlib';

/**
 * Deflates chunk by chunk on another thread: what goes in comes out, but for some 100 KiB that zlib holds, before the next chunk is
 * taken, so that memory stays as it is however long the content.
 */
export class Deflater {
  readonly #stream: DeflateRaw;
  readonly #out: Buffer[] = [];
  #failed: Promise<never>;

  constructor(level: number) {
    this.#stream = createDeflateRaw({ level });
    this.#stream.on('data', (chunk: Buffer) => this.#out.push(chunk));
    this.#failed = new Promise((_resolve, reject) => this.#stream.once('error', reject));
    this.#failed.catch(() => undefined);
  }

  /** The chunk is done with when this returns. */
  async push(chunk: Buffer): Promise<Buffer[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stream.write(chunk, () => resolve());
    await Promise.race([promise, this.#failed]);
    return this.#out.splice(0);
  }

  async end(): Promise<Buffer[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stream.once('end', resolve).end();
    await Promise.race([promise, this.#failed]);
    return this.#out.splice(0);
  }

  /** May be called twice. */
  close(): void {
    this.#stream.destroy();
  }
}
