import { DecompressionError } from './error.ts';
import type { Format } from './format.ts';

export type Limits = {
  /** Of one file's output, all members together. */
  maxOutputBytes: number;
  /** Output bytes for each byte of the whole input, judged only beyond `RATIO_GRACE_BYTES` of output. */
  maxRatio: number;
};

/** A small file that is mostly zeros is no attack: what it becomes is small as well. */
export const RATIO_GRACE_BYTES = 10 * 1024 * 1024;

/** Counts the output of one reading of a file, and stops it at the first byte too many. */
export class OutputMeter {
  readonly #format: Format;
  readonly #inputBytes: number;
  readonly #limits: Limits;
  #outputBytes = 0;

  constructor(format: Format, inputBytes: number, limits: Limits) {
    this.#format = format;
    this.#inputBytes = inputBytes;
    this.#limits = limits;
  }

  /**
   * @throws decompress.limit. The ratio is that to the whole file, so that it does not depend on how far the input
   * was read ahead.
   */
  count(bytes: number): void {
    this.#outputBytes += bytes;
    const { maxOutputBytes, maxRatio } = this.#limits;
    if (this.#outputBytes > maxOutputBytes)
      throw new DecompressionError(
        'limit',
        this.#format,
        `becomes more than the ${maxOutputBytes} bytes that are allowed`,
      );
    if (this.#outputBytes > RATIO_GRACE_BYTES && this.#outputBytes > maxRatio * this.#inputBytes)
      throw new DecompressionError(
        'limit',
        this.#format,
        `becomes more than ${maxRatio} times its ${this.#inputBytes} bytes`,
      );
  }
}
