import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A line that grows past this is passed on in pieces, so that a child gone wild costs no memory. */
const MAX_LINE_LENGTH = 1 << 20;

/**
 * Passes on what comes out of each stream, whole lines only, many at a time, so that the lines of several children never mix.
 * What stands after the last newline is passed on, with a newline, when the stream ends.
 */
export function forwardLines(streams: readonly (Readable | null)[], write: (lines: string) => void): void {
  for (const stream of streams) {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    stream?.on('data', (chunk: Buffer) => {
      rest += decoder.write(chunk);
      const end = rest.lastIndexOf('\n') + 1;
      if (end > 0) write(rest.slice(0, end));
      rest = rest.slice(end);
      if (rest.length > MAX_LINE_LENGTH) flush();
    });
    const flush = () => {
      if (rest !== '') write(`${rest}\n`);
      rest = '';
    };
    stream?.on('end', flush);
  }
}
