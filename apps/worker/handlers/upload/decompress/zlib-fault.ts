import { DecompressionError } from './error.ts';
import type { Format } from './format.ts';

/**
 * What an engine of node:zlib threw, as a DecompressionError where the input is to blame; anything else as it is.
 * Told apart by codes: node:zlib has names for each.
 */
export function zlibFault(format: Format, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR')
    return new DecompressionError('truncated', format, 'the input ends before its content does', error);
  if (code === 'Z_DATA_ERROR')
    return new DecompressionError('corrupt', format, 'the content cannot be decompressed', error);
  if (code === 'ZSTD_error_frameParameter_windowTooLarge')
    return new DecompressionError('limit', format, 'needs a window of more than 128 MiB to be read', error);
  if (code === 'ZSTD_error_dictionary_wrong')
    return new DecompressionError('unsupported', format, 'was made with a dictionary', error);
  if (code === 'ZSTD_error_memory_allocation') return error;
  if (typeof code === 'string' && code.startsWith('ZSTD_error_'))
    return new DecompressionError('corrupt', format, 'the content cannot be decompressed', error);
  return error;
}
