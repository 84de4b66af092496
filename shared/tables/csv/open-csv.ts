import type { BytePath } from '../../fs/byte-path.ts';
import type { Dialect, Encoding, PlainCsv } from '../contract.ts';
import type { FileFaultError } from '../errors.ts';
import { auditFile, rewriteText } from './audit-file.ts';
import { changedFault, fileFault, readTrouble } from './faults.ts';
import { parseRecord } from './first-record.ts';
import type { GunzipLimits } from './gunzip.ts';
import { HeldDescriptors } from './held-descriptors.ts';
import { assertUnchanged, openRegular } from './open-regular.ts';
import { pieceOf } from './piece.ts';
import { PlainFile } from './plain-file.ts';
import type { RecordScanner } from './record-scanner.ts';
import { missingLines, rewritingOf } from './rewrite.ts';
import { readSource } from './source.ts';
import { QUOTE_HINT, type TextFacts } from './text-audit.ts';

export type OpenCsvOptions = {
  /** Of `scanner`. */
  fileId: number;
  path: BytePath;
  dialect: Dialect;
  /** The first record names the columns. */
  header: boolean;
  encoding: Encoding;
  /** Cells that mean NULL; the empty one where nothing is said. */
  nulls?: readonly string[] | undefined;
  /** The directory where plain copies are made; of this program only. They have no names there, and go with this process. */
  scratch: string;
  /** What the file must still be; undefined for a file that nobody has committed. */
  expected?: { sha256: string; sizeBytes: number } | undefined;
  /** What it was when a store was scanned: another modification time, or size, is another file. */
  scanned?: { mtimeNs: bigint; sizeBytes: number } | undefined;
  limits?: GunzipLimits | undefined;
  /** What is read at a time; smaller in tests. */
  chunkBytes?: number | undefined;
};

/**
 * Opens a CSV file after it was read from end to end, so that DuckDB's strict reader can be trusted with it: given as many columns as
 * `firstRecord` has cells, and `header` and dialect as here, it makes of its `records` but the header a row or a reject each, and nothing else.
 *
 * Where the file is packed with gzip, is not UTF-8, or has what misleads that reader, what it is given is a plain copy. A file of up to 256 KiB that
 * needs none is read without a turn of the event loop.
 *
 * @throws FileFaultError `load.missing`, `load.not_regular`, `load.unreadable`, `load.changed`, `load.empty`, `load.nul`, `load.encoding`,
 * `load.quote`, `load.record`, `load.line_ends`, `load.packed`, `load.gzip`, `load.bomb`; EnvironmentError `load.read` and `load.scratch`, both
 * retryable; the signal's reason when aborted
 */
export async function openCsv(options: OpenCsvOptions, signal: AbortSignal): Promise<PlainCsv> {
  signal.throwIfAborted();
  const held = new HeldDescriptors();
  try {
    const csv = await open(options, held, signal);
    held.closeAllBut(csv.fd);
    return csv;
  } catch (error) {
    held.closeAllBut(undefined);
    throw readTrouble(options.path, error);
  }
}

async function open(options: OpenCsvOptions, held: HeldDescriptors, signal: AbortSignal): Promise<PlainFile> {
  const { fileId, path, dialect, encoding, scratch, limits, header, expected, scanned, chunkBytes } = options;
  const { nulls = [''] } = options;
  const file = openRegular(fileId, path);
  held.add(file.fd);
  const sizeBytes = Number(file.stats.size);
  if (expected !== undefined && sizeBytes !== expected.sizeBytes) throw notCommitted(fileId);
  if (scanned !== undefined && (sizeBytes !== scanned.sizeBytes || file.stats.mtimeNs !== scanned.mtimeNs))
    throw changedFault(fileId, 'it changed since it was scanned');
  const opening = { fileId, dialect, nulls, encoding, scratch, limits, chunkBytes, file, held, signal };

  const source = readSource(fileId, file, signal, chunkBytes);
  const audited = await auditFile(opening, source);
  assertUnchanged(fileId, file);
  const sha256 = source.sha256();
  if (expected !== undefined && sha256 !== expected.sha256) throw notCommitted(fileId);

  const { facts } = audited;
  const firstRecord = firstRecordOf(options, facts);
  const shape = { header, countsBlankLines: firstRecord.length === 1 && nulls.includes('') };
  const rewriting = rewritingOf(facts, shape);
  if (rewriting === 'impossible') throw misleading(fileId);
  const plain = rewriting === undefined ? audited : await rewriteText(opening, audited, rewriting);
  const shapes = header ? facts.shapes.finish(firstRecord.length) : undefined;
  const audit = {
    sha256,
    ...countRecords(facts.scanner, shape),
    shapes,
    nullsFound: shapes && facts.shapes.foundNulls(firstRecord.length),
  };
  const isAsItIs = audit.isRegular && plain.fd === file.fd;
  return new PlainFile({
    fileId,
    path,
    file,
    text: {
      fd: plain.fd,
      start: plain.facts.start,
      dialect,
      countsBlankLines: shape.countsBlankLines,
      chunkBytes,
    },
    sizeBytes,
    audit,
    firstRecord,
    piece: isAsItIs ? pieceOf({ file, facts, firstRecord, scratch }) : undefined,
    first: { line: facts.scanner.leadingBlankLines + 1, end: plain.facts.first.end },
    missingLines: rewriting === undefined ? 0 : missingLines(rewriting, facts),
  });
}

/** DuckDB takes a blank line for a row where there is one column, and the empty cell means NULL; else for nothing. */
function countRecords(
  scanner: RecordScanner,
  { header, countsBlankLines }: { header: boolean; countsBlankLines: boolean },
) {
  const { records, blankLines, leadingBlankLines, hasInnerBlankLine, hasQuotedLineEnd } = scanner;
  const isShifted = leadingBlankLines > 0 && (header || !countsBlankLines);
  const isRegular = !isShifted && !hasQuotedLineEnd && (countsBlankLines || !hasInnerBlankLine);
  if (!countsBlankLines) return { records, isRegular };
  return { records: records + blankLines - (header ? leadingBlankLines : 0), isRegular };
}

function firstRecordOf(
  { fileId, dialect, header }: OpenCsvOptions,
  { scanner, start, first }: TextFacts,
): string[] {
  const { garbageAt } = scanner;
  const cells = parseRecord(first.bytes, dialect);
  if (cells !== undefined && !(header && garbageAt !== undefined && start + garbageAt < first.end))
    return cells;
  const line = scanner.leadingBlankLines + 1;
  throw fileFault(
    fileId,
    'load.quote',
    `the ${header ? 'header' : 'first record'}, in line ${line}, has something behind a closing quote`,
    QUOTE_HINT,
  );
}

const notCommitted = (fileId: number): FileFaultError =>
  fileFault(
    fileId,
    'load.changed',
    'the file in the warehouse is not what was committed',
    'see `wharfinger verify`',
  );

const misleading = (fileId: number): FileFaultError =>
  fileFault(
    fileId,
    'load.line_ends',
    'its first record has a line end in quotes that is not like those of the file',
    'give it a header, or the same line ends throughout',
  );
