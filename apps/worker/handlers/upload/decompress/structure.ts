import { DecompressionError } from './error.ts';
import type { Format } from './format.ts';

/**
 * What the reader of a format's structure asks for next: bytes to look at (`mayEnd`: here the input may be
 * over), bytes to pass unseen, or that a new piece begins here.
 */
export type Step = { take: number; mayEnd?: boolean } | { skip: number } | 'cut';

/** The structure of a format, read step by step: given the bytes after a `take`, an empty buffer after others. */
export type Structure = Generator<Step, never, Buffer>;

const NOTHING = Buffer.alloc(0);

/**
 * Passes the input on, all of it and unchanged, while a structure looks at what it asks for: so an input that
 * ends in the middle is known whatever the decoder says, and pieces are cut where the decoder needs it.
 *
 * @throws decompress.truncated when the input ends where it must not; what the structure throws; what the input throws
 */
export async function* followStructure(
  format: Format,
  structure: Structure,
  input: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  let step = structure.next().value;
  let taken: Buffer = NOTHING;
  let toSkip = 0;
  const go = (seen: Buffer): void => {
    step = structure.next(seen).value;
    if (typeof step === 'object' && 'skip' in step) toSkip = step.skip;
  };
  for await (const chunk of input) {
    let position = 0;
    let begin = 0;
    for (;;) {
      if (step === 'cut') {
        if (position > begin) yield chunk.subarray(begin, position);
        begin = position;
        go(NOTHING);
      } else if ('skip' in step) {
        const passed = Math.min(toSkip, chunk.length - position);
        position += passed;
        toSkip -= passed;
        if (toSkip > 0) break;
        go(NOTHING);
      } else {
        const here = chunk.subarray(position, position + step.take - taken.length);
        position += here.length;
        taken = taken.length === 0 ? here : Buffer.concat([taken, here]);
        if (taken.length < step.take) break;
        const seen = taken;
        taken = NOTHING;
        go(seen);
      }
    }
    if (position > begin) yield chunk.subarray(begin, position);
  }
  while (step === 'cut') go(NOTHING);
  const isEnd = 'take' in step && step.mayEnd === true && taken.length === 0;
  if (!isEnd) throw new DecompressionError('truncated', format, 'the input ends before its content does');
}
