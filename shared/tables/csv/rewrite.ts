import type { Dialect } from '../contract.ts';
import { chunksOf } from './chunks.ts';
import { type LineEnds, RecordScanner } from './record-scanner.ts';
import type { ScratchFile } from './scratch-file.ts';
import type { TextFacts } from './text-audit.ts';

const LF = 0x0a;
const CR = 0x0d;
const LINE_ENDS = /\r\n|\r|\n/g;

/** What must be other than it is for DuckDB to read a text as it is meant. */
export type Rewriting = {
  /** The header has line ends in quotes: they become spaces, which matters to nobody, as it was read before. */
  hasHeader: boolean;
  /** An empty line goes before all: DuckDB takes the first line end, in quotes or not, for that of the file. */
  blankFirst: boolean;
};

/**
 * Whether a text must be rewritten. DuckDB's strict reader fails on files with several sorts of line end, or reads none of their rows; it takes
 * a blank line before the header for the header; it is misled by a line end in the quotes of the first record that is not like all others, and by any there if a byte order mark stands before.
 *
 * @returns `impossible` where it is misled and nothing can be put before the first record, as there a blank line is a row
 */
export function rewritingOf(
  { scanner, start, first }: TextFacts,
  { header, countsBlankLines }: { header: boolean; countsBlankLines: boolean },
): Rewriting | 'impossible' | undefined {
  const { lineFeeds, carriageReturns, pairs, leadingBlankLines } = scanner;
  const sorts = [lineFeeds > 0 && '\n', carriageReturns > 0 && '\r', pairs > 0 && '\r\n'].filter(
    (sort) => sort !== false,
  );
  const isShifted = header && leadingBlankLines > 0;
  const quoted = leadingBlankLines > 0 && !header ? undefined : lineEndsIn(first.bytes)[0];
  const isMisled = (end: string | undefined): boolean =>
    quoted !== undefined && end !== undefined && quoted !== end;
  const isMarked = start > 0 && first.start === start && lineEndsIn(first.bytes).length > 0;
  if (sorts.length < 2 && !isShifted && !isMarked && !isMisled(sorts[0])) return undefined;
  const blankFirst = !header && isMisled('\n');
  return blankFirst && countsBlankLines ? 'impossible' : { hasHeader: header, blankFirst };
}

/** How much smaller the lines of the rewritten text are, behind its first record. */
export const missingLines = ({ hasHeader, blankFirst }: Rewriting, { scanner, first }: TextFacts): number =>
  hasHeader ? scanner.leadingBlankLines + lineEndsIn(first.bytes).length : blankFirst ? -1 : 0;

/**
 * Writes a text anew: without byte order mark, without what is blank before the header, LF behind each record. All bytes in quotes stay as
 * they are, those of the header excepted.
 *
 * @throws EnvironmentError `load.scratch`; as node:fs does; the signal's reason when aborted
 */
export async function rewrite(
  from: { fd: number; facts: TextFacts; dialect: Dialect; chunkBytes: number | undefined },
  { hasHeader, blankFirst }: Rewriting,
  to: ScratchFile,
  signal: AbortSignal,
): Promise<void> {
  const { fd, facts, dialect, chunkBytes } = from;
  if (blankFirst) await to.write(Buffer.of(LF));
  if (hasHeader)
    await to.write(Buffer.from(facts.first.bytes.toString('utf8').replaceAll(LINE_ENDS, ' '), 'utf8'));
  const scanner = new RecordScanner(dialect);
  const start = hasHeader ? facts.first.end : facts.start;
  let endedWithCr = false;
  for await (const chunk of chunksOf(fd, signal, { start, chunkBytes })) {
    const ends: LineEnds = [];
    scanner.push(chunk, ends);
    await to.write(withLineFeeds(chunk, ends, endedWithCr && chunk[0] === LF ? 1 : 0));
    endedWithCr = ends.at(-1) === chunk.length && chunk.at(-1) === CR;
  }
}

function withLineFeeds(chunk: Buffer, ends: LineEnds, begin: number): Buffer {
  const output = Buffer.allocUnsafe(chunk.length);
  let from = begin;
  let filled = 0;
  for (let index = 0; index < ends.length; index += 2) {
    filled += chunk.copy(output, filled, from, ends[index]);
    output[filled++] = LF;
    from = ends[index + 1] as number;
  }
  filled += chunk.copy(output, filled, from);
  return output.subarray(0, filled);
}

const lineEndsIn = (bytes: Buffer): string[] => bytes.toString('latin1').match(LINE_ENDS) ?? [];
