import { open } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import type { LoadSink } from '../../config/settings.ts';
import type { Dialect } from '../contract.ts';

type Declared = LoadSink['declared'];

/** What is looked at of a file. */
const SAMPLE_BYTES = 256 * 1024;

/** The first of those that fit equally well. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

/**
 * How the cells of a file are parted: as declared, else by the delimiter that cuts the most of its first rows into as many cells as the very
 * first, of which there are at least two. A file of one column has none: then it is a comma.
 *
 * DuckDB's sniffer is not asked: where rows are ragged, it skips them and what is above them, header and all, or takes a delimiter that is
 * not in the file. The file may be packed by gzip, and need not be UTF-8.
 *
 * @throws as node:fs does
 */
export async function sniffDialect(path: string | Buffer, declared: Declared): Promise<Dialect> {
  const quote = declared.quote ?? '"';
  if (declared.delimiter !== undefined) return { delimiter: declared.delimiter, quote };
  const text = await sampleOf(path, declared);
  let best: { delimiter: string; score: number; cells: number } = { delimiter: ',', score: 0, cells: 0 };
  for (const delimiter of DELIMITERS) {
    if (delimiter === quote) continue;
    const counts = cellCounts(text, delimiter, quote);
    const cells = counts[0] ?? 0;
    if (cells < 2) continue;
    const score = counts.filter((count) => count === cells).length / counts.length;
    if (score > best.score || (score === best.score && cells > best.cells))
      best = { delimiter, score, cells };
  }
  return { delimiter: best.delimiter, quote };
}

const GZIP_MAGIC = [0x1f, 0x8b];

async function sampleOf(path: string | Buffer, { encoding }: Declared): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
    let bytes = buffer.subarray(0, bytesRead);
    // What is left of a stream that was cut is given too.
    if (GZIP_MAGIC.every((byte, index) => bytes[index] === byte))
      bytes = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, SAMPLE_BYTES);
    return new TextDecoder(labelOf(encoding, bytes)).decode(bytes);
  } finally {
    await file.close();
  }
}

function labelOf(encoding: Declared['encoding'], bytes: Uint8Array): string {
  if (encoding === 'latin-1') return 'latin1';
  if (encoding === 'utf-8') return 'utf-8';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-16le';
}

/** The cells of each row but the last one, which may be cut, where there are others; blank lines are none. */
function cellCounts(text: string, delimiter: string, quote: string): number[] {
  const counts: number[] = [];
  let cells = 1;
  let isQuoted = false;
  let isBlank = true;
  for (const char of text) {
    if (char === quote) {
      isQuoted = !isQuoted;
      isBlank = false;
    } else if (isQuoted) continue;
    else if (char === '\n' || char === '\r') {
      if (!isBlank) counts.push(cells);
      cells = 1;
      isBlank = true;
    } else {
      isBlank = false;
      if (char === delimiter) cells += 1;
    }
  }
  if (counts.length === 0 && !isBlank) counts.push(cells);
  return counts;
}
