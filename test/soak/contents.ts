/** What a file holds: made again from its number and size, so that content can be sent again without being kept. */
export type Content = { serial: number; sizeBytes: number };

/** The largest size that is written in one go by the writers of small files. */
const SMALL_BYTES = 16 * 1024;
const LARGE_BYTES = 2 * 1024 * 1024;

/** Contents that are all different, but for the empty one. */
export class Contents {
  readonly #seed: number;
  readonly #made: Content[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Never had before. `portion` between 0 and 1 chooses the size, below 16 KiB, or `large` up to 2 MiB. */
  make(portion: number, large = false): Content {
    const sizeBytes = 32 + Math.floor(portion ** 3 * (large ? LARGE_BYTES : SMALL_BYTES));
    const content = { serial: this.#made.length, sizeBytes };
    this.#made.push(content);
    return content;
  }

  /** One that was made before; undefined at the very start. */
  earlier(portion: number): Content | undefined {
    return this.#made[Math.floor(portion * this.#made.length)];
  }

  bytesOf({ serial, sizeBytes }: Content): Buffer {
    return sizeBytes === 0
      ? Buffer.alloc(0)
      : Buffer.alloc(sizeBytes, `soak ${this.#seed} content ${serial}\n`);
  }
}
