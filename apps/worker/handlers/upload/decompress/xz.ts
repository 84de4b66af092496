import { decompressStream } from '@napi-rs/lzma/xz';
import { DecompressionError } from './error.ts';
import { readRange } from './read-range.ts';
import { followStructure } from './structure.ts';
import { xzStructure } from './xz-structure.ts';

/**
 * The content of an xz file, all streams one after the other. The library verifies every CRC-32, CRC-64 and SHA-256
 * and the index; a file that was made without a check has none.
 *
 * @napi-rs/lzma, since it is prebuilt for Linux on all usual processors, with glibc and musl, is released every few
 * months, decodes on a thread of its own, and was the fastest tried (45 MB/s; the others 20 to 30). xz-decompress
 * knows neither SHA-256 nor filters and decodes one file at a time in a process; lzma-native carries an xz of 2016
 * and piles up its output; node-liblzma takes a cut file for a whole one and is not prebuilt for arm64.
 *
 * @throws DecompressionError; as `readRange` does
 */
export async function* unxz(fd: number, sizeBytes: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const input = followStructure('xz', xzStructure(), readRange(fd, 0, sizeBytes, signal));
  const feed = new Feed(input);
  try {
    for await (const chunk of decompressStream(feed.stream))
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  } catch (error) {
    // The library says everything in one way; what stopped the input is the reason, where there is one.
    throw feed.failure === undefined
      ? new DecompressionError('corrupt', 'xz', 'the content cannot be decompressed', error)
      : feed.failure.error;
  } finally {
    await feed.stop();
  }
  if (!feed.isDone) throw new DecompressionError('corrupt', 'xz', 'the content ends before its file does');
}

/** The input as the library wants it. It never learns that nobody reads its output any more, and must be told. */
class Feed {
  readonly stream: ReadableStream<Uint8Array>;
  failure: { error: unknown } | undefined;
  isDone = false;
  readonly #input: AsyncGenerator<Buffer>;
  #pulling: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(input: AsyncGenerator<Buffer>) {
    this.#input = input;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      this.#pulling = this.#pull(controller);
      return this.#pulling;
    };
    this.stream = new ReadableStream({ pull }, { highWaterMark: 0 });
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#isStopped) return controller.close();
    const next = await this.#input.next().catch((error: unknown) => {
      this.failure = { error };
      throw error;
    });
    // Where the library has given up meanwhile, this throws, and nobody minds.
    if (next.done !== true) return controller.enqueue(next.value);
    this.isDone = true;
    controller.close();
  }

  /** Afterwards nothing reads the input, and the library's next look at it finds its end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#pulling.catch(() => undefined);
    await this.#input.return(undefined);
  }
}
