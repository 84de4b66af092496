import { Slots } from '../../../../shared/object-store/slots.ts';

/** Of every file so much may be unpacked at a time: small ones do not wait for large ones. */
const LIGHT_BYTES = 1024 * 1024;

/** Each holds a content in parts: see `sendParts`. */
const HEAVY_FILES = 2;

type Open = (signal: AbortSignal) => AsyncIterable<Buffer>;

/**
 * Keeps memory bounded where a file does not tell how large its content is: a packed one of some kilobytes is on its way together with many
 * others, and may become as large as it likes. What goes beyond its first mebibyte waits until it is one of few.
 */
export class Unfolding {
  readonly #slots = new Slots(HEAVY_FILES);

  /**
   * Sends one file. What it opens is to go through `hold`; the file keeps its place until all of it is sent, also when it is opened a
   * second time meanwhile.
   */
  async of<T>(send: (hold: (open: Open) => Open) => Promise<T>): Promise<T> {
    const over = Promise.withResolvers<void>();
    let entered: Promise<void> | undefined;
    const enter = (signal: AbortSignal): Promise<void> => {
      entered ??= new Promise((resolve, reject) => {
        const stay = () => {
          resolve();
          return over.promise;
        };
        this.#slots.run(signal, stay).catch(reject);
      });
      return entered;
    };
    try {
      return await send((open) => (signal) => held(open(signal), () => enter(signal)));
    } finally {
      over.resolve();
    }
  }
}

async function* held(content: AsyncIterable<Buffer>, enter: () => Promise<void>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > LIGHT_BYTES) await enter();
    yield chunk;
  }
}
