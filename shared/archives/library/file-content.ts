import type { Content } from '../staging/deposit.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { MemoryContent } from './memory-content.ts';
import { SpilledContent } from './spilled-content.ts';

export type FileContentOptions = {
  /** What is larger goes to a temporary file. */
  spillBytes: number;
  temporaryDirectory: string;
  budget: MemoryBudget;
};

/**
 * The bytes of an open file, in memory first and in a temporary file when they are too many. Calls are done in the order in which they are
 * made. When one has failed, all that follow fail with the same error: some of the bytes may be missing.
 */
export class FileContent {
  readonly #options: FileContentOptions;
  #memory: MemoryContent | undefined;
  #spilled: SpilledContent | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #failure: { error: unknown } | undefined;

  constructor(options: FileContentOptions) {
    this.#options = options;
    this.#memory = new MemoryContent(options.spillBytes, options.budget);
  }

  /** The bytes may be changed again as soon as this has returned its promise. */
  write(bytes: Buffer, position: number): Promise<void> {
    const isNext = this.#waiting === 0 && this.#failure === undefined;
    if (isNext && this.#memory?.write(bytes, position)) return Promise.resolve();
    const copy = Buffer.from(bytes);
    return this.#inOrder(async () => {
      if (!this.#memory?.write(copy, position)) await (await this.#spill()).write(copy, position);
    });
  }

  /** All `length` bytes, zeros where none were written. */
  read(length: number, position: number): Promise<Buffer> {
    return this.#inOrder(
      () => this.#memory?.read(length, position) ?? this.#spilled?.read(length, position) ?? Buffer.alloc(0),
    );
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#inOrder(async () => {
      if (!this.#memory?.truncate(sizeBytes)) await (await this.#spill()).truncate(sizeBytes);
    });
  }

  /** To be deposited: valid until the next call. */
  content(sizeBytes: number): Promise<Content> {
    return this.#inOrder(async () => {
      const bytes = this.#memory?.whole(sizeBytes);
      if (bytes !== undefined) return { bytes };
      const spilled = await this.#spill();
      // Also makes a file as long as it is said to be whose end was never written.
      await spilled.truncate(sizeBytes);
      return { fd: spilled.fd, sizeBytes };
    });
  }

  /** Whatever was in hand or has failed. May be called twice. */
  async free(): Promise<void> {
    await this.#last;
    this.#memory?.free();
    this.#memory = undefined;
    const spilled = this.#spilled;
    this.#spilled = undefined;
    await spilled?.free();
  }

  async #spill(): Promise<SpilledContent> {
    if (this.#spilled !== undefined) return this.#spilled;
    const spilled = new SpilledContent(this.#options.temporaryDirectory);
    this.#spilled = spilled;
    if (this.#memory !== undefined) await spilled.write(this.#memory.written, 0);
    this.#memory?.free();
    this.#memory = undefined;
    return spilled;
  }

  #inOrder<Result>(call: () => Result | Promise<Result>): Promise<Result> {
    this.#waiting += 1;
    const result = this.#last.then(() => {
      if (this.#failure !== undefined) throw this.#failure.error;
      return call();
    });
    const done = (): void => {
      this.#waiting -= 1;
    };
    this.#last = result.then(done, (error: unknown) => {
      this.#failure ??= { error };
      done();
    });
    return result;
  }
}
