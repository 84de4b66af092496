import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dialect } from '../contract.ts';
import { chunksNow, chunksOf } from './chunks.ts';
import { type LineEnds, RecordScanner } from './record-scanner.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Scanned and counted in some milliseconds, even where each line is short and its number goes on to a database. */
const TURN_BYTES = 256 * 1024;

/** A text, and how its records are counted. */
export type Text = {
  fd: number;
  /** Of the byte order mark. */
  start: number;
  dialect: Dialect;
  /** A blank line is a record. */
  countsBlankLines: boolean;
  chunkBytes: number | undefined;
};

export type Place = {
  /** Where line ends stand at an offset, the line of what follows them is meant. */
  skipsLineEnds: boolean;
};

/**
 * The lines, from 1, of bytes, given by ascending offsets. LF, CRLF and CR end a line, also in quotes. Reads up to the last one.
 */
export function linesAt(
  text: Pick<Text, 'fd' | 'chunkBytes'>,
  offsets: readonly number[],
  place: Place,
): number[] {
  const counting = countLines(text, offsets, place);
  for (;;) {
    const { done, value } = counting.next();
    if (done) return value;
  }
}

/** The same in turns with other things. */
export async function linesAtInTurns(
  text: Pick<Text, 'fd' | 'chunkBytes'>,
  offsets: readonly number[],
  place: Place,
): Promise<number[]> {
  const counting = countLines(text, offsets, place);
  for (;;) {
    const { done, value } = counting.next();
    if (done) return value;
    await nextTurn();
  }
}

/** Yields between chunks. */
function* countLines(
  { fd, chunkBytes }: Pick<Text, 'fd' | 'chunkBytes'>,
  offsets: readonly number[],
  { skipsLineEnds }: Place,
): Generator<undefined, number[], undefined> {
  const lines: number[] = [];
  if (offsets.length === 0) return lines;
  let line = 1;
  let last = 0;
  let chunkStart = 0;
  for (const chunk of chunksNow(fd, { chunkBytes })) {
    for (let at = 0; at < chunk.length; ) {
      const wanted = (offsets[lines.length] as number) - chunkStart;
      if (at >= wanted) {
        const byte = chunk[at] as number;
        if (!skipsLineEnds || (byte !== LF && byte !== CR)) {
          lines.push(line);
          if (lines.length === offsets.length) return lines;
          continue;
        }
      }
      const until = at >= wanted ? at + 1 : Math.min(wanted, chunk.length);
      for (; at < until; at++) {
        const byte = chunk[at] as number;
        if (byte === CR || (byte === LF && last !== CR)) line += 1;
        last = byte;
      }
    }
    chunkStart += chunk.length;
    yield;
  }
  while (lines.length < offsets.length) lines.push(line);
  return lines;
}

/** The lines in which records begin, given by ascending numbers from 1. Reads up to the last one, twice. */
export function linesOf(text: Text, records: readonly number[]): number[] {
  return linesAt(text, offsetsOf(text, records), { skipsLineEnds: false });
}

/**
 * The lines in which all records begin, in order, in parts of any length. Reads the text once, in turns with other things; may be left
 * before its end.
 */
export async function* recordLines(
  { fd, start, dialect, countsBlankLines, chunkBytes = TURN_BYTES }: Text,
  signal: AbortSignal,
): AsyncGenerator<number[], void, undefined> {
  const scanner = new RecordScanner(dialect);
  // The bytes before the text are a byte order mark, which has no line end.
  let line = 1;
  let last = 0;
  let isBegun = false;
  let beginLine = 1;
  const ends: LineEnds = [];
  for await (const chunk of chunksOf(fd, signal, { start, chunkBytes })) {
    const lines: number[] = [];
    ends.length = 0;
    // A LF that belongs to a CR at the end of the chunk before is no record's.
    let at = scanner.isCrPending && chunk[0] === LF ? 1 : 0;
    if (at === 1) last = LF;
    let begin = at;
    scanner.push(chunk, ends);
    for (let index = 0; index <= ends.length; index += 2) {
      const end: number = ends[index] ?? chunk.length;
      const next: number = ends[index + 1] ?? chunk.length;
      const isBlank: boolean = !isBegun && end === begin;
      for (; at < next; at++) {
        const byte = chunk[at] as number;
        if (byte === CR || (byte === LF && last !== CR)) line += 1;
        last = byte;
      }
      if (index === ends.length) {
        isBegun = !isBlank;
        break;
      }
      if (!isBlank || countsBlankLines) lines.push(beginLine);
      isBegun = false;
      beginLine = line;
      begin = next;
    }
    yield lines;
  }
  if (isBegun) yield [beginLine];
}

function offsetsOf(
  { fd, start, dialect, countsBlankLines, chunkBytes }: Text,
  records: readonly number[],
): number[] {
  const scanner = new RecordScanner(dialect);
  const offsets: number[] = [];
  let record = 0;
  let recordStart = start;
  let chunkStart = start;
  const endRecord = (end: number): void => {
    if (end === recordStart && !countsBlankLines) return;
    record += 1;
    while (records[offsets.length] === record) offsets.push(recordStart);
  };
  for (const chunk of chunksNow(fd, { start, chunkBytes })) {
    // A LF at the beginning that belongs to a CR before moves the beginning of the record.
    const ends: LineEnds = [];
    if (scanner.isCrPending && chunk[0] === LF) recordStart += 1;
    scanner.push(chunk, ends);
    for (let index = 0; index < ends.length; index += 2) {
      endRecord(chunkStart + (ends[index] as number));
      recordStart = chunkStart + (ends[index + 1] as number);
      if (offsets.length === records.length) return offsets;
    }
    chunkStart += chunk.length;
  }
  if (chunkStart > recordStart) endRecord(chunkStart);
  return offsets;
}
