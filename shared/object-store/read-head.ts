import { type Content, ContinuedSource, type Source } from './content.ts';

export type Head =
  | { isAll: true; bytes: Buffer }
  | { isAll: false /** From the very start. */; source: Source };

const FIRST_BYTES = 64 * 1024;

/**
 * Finds out whether a content is shorter than a limit. Of a file its size tells; a stream is read until it ends or the limit is
 * reached, into a buffer that grows with it, so that a short one costs little.
 */
export async function readHead(
  content: Exclude<Content, { type: 'bytes' }>,
  source: Source,
  limitBytes: number,
): Promise<Head> {
  if (content.type === 'file') {
    if (content.sizeBytes >= limitBytes) return { isAll: false, source };
    const bytes = Buffer.allocUnsafe(content.sizeBytes);
    await source.fill(bytes, ignore);
    return { isAll: true, bytes };
  }
  let buffer = Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, limitBytes));
  let filled = 0;
  for (;;) {
    filled += await source.fill(buffer.subarray(filled), ignore);
    if (filled < buffer.length) return { isAll: true, bytes: buffer.subarray(0, filled) };
    if (filled === limitBytes) return { isAll: false, source: new ContinuedSource(buffer, source) };
    const larger = Buffer.allocUnsafeSlow(Math.min(2 * buffer.length, limitBytes));
    buffer.copy(larger);
    buffer = larger;
  }
}

const ignore = (): void => {};
