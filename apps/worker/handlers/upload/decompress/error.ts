import { WharfingerError } from '../../../../../shared/errors.ts';
import type { Format } from './format.ts';

/**
 * - `truncated`: the input ends before the format does
 * - `corrupt`: a checksum, a size or a structure is not what the format says it must be
 * - `limit`: more output than is allowed, or more memory than is given to one file
 * - `unsupported`: well-formed for all we know, but encrypted, or made by a method that is not read here
 * - `names`: an archive's member has a name that must not become the name of an object, or two have one name
 * - `empty`: an archive without members: nothing would be handed on, and nobody would learn of it
 */
export type DecompressionFault = 'truncated' | 'corrupt' | 'limit' | 'unsupported' | 'names' | 'empty';

const HINTS: Record<DecompressionFault, string> = {
  truncated: 'Send the whole file again: its end is missing.',
  corrupt: 'Send the file again, or make it anew: what is there cannot be trusted.',
  limit: 'Raise the limits of decompression if the file is meant to be that large; else it is an attack.',
  unsupported: 'Pack it anew, without encryption and by an ordinary method, or hand it on as it is.',
  names: 'Pack it anew with relative names that are all different.',
  empty: 'Look why the sender packed nothing.',
};

/** The file itself is at fault: another attempt with the same bytes ends the same way. */
export class DecompressionError extends WharfingerError {
  override readonly name = 'DecompressionError';

  /** @param what completes the sentence `FORMAT: …` */
  constructor(fault: DecompressionFault, format: Format, what: string, cause?: unknown) {
    super(`${format}: ${what}`, {
      code: `decompress.${fault}`,
      op: 'decompress',
      retryable: false,
      hint: HINTS[fault],
      cause,
    });
  }
}
