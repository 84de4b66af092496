import { closeSync, readSync } from 'node:fs';
import { EnvironmentError, errnoOf } from '../../errors.ts';
import type { FileToLoad, Piece, TableSchema } from '../contract.ts';
import { HeldDescriptors } from '../csv/held-descriptors.ts';
import type { ScratchFile } from '../csv/scratch-file.ts';
import type { Bundle, Part } from './bundle.ts';
import { rowsOf } from './judge.ts';
import { jointShapes } from './trusted-cells.ts';

export type Bundling = {
  /** Larger files are read by themselves. */
  fileBytes: number;
  /** Of one bundle, which is what it needs of scratch. */
  bytes: number;
  rows: number;
};

/** What DuckDB needs for each file, half a millisecond, is little beside the rest for larger ones. Scratch for a group of 1,000 is 64 MiB so. */
export const BUNDLING: Bundling = { fileBytes: 64 * 1024, bytes: 32 * 1024 * 1024, rows: 1_000_000 };

/** What is to be read instead of some files. */
export type Bundled = {
  files: FileToLoad[];
  /** To be called when it has been read. */
  close(): void;
};

/**
 * Puts small files of one group together, each text in a file without a name. What cannot be bundled now, as there is no room for it or a file
 * is not what it was, is to be read by itself.
 */
export async function writeBundles(
  files: readonly FileToLoad[],
  schema: TableSchema,
  bundling: Bundling,
): Promise<Bundled> {
  const held: number[] = [];
  const close = (): void => {
    for (const fd of held.splice(0)) closeSync(fd);
  };
  const { alone, batches } = batchesOf(files, schema, bundling);
  const read = alone;
  try {
    for (const batch of batches) {
      const written = await writeBundle(batch, schema, -1 - held.length);
      if (written === undefined) read.push(...batch.map(({ file }) => file));
      else {
        held.push(written.fd);
        read.push(written.bundle);
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  return { files: read, close };
}

type Small = { file: FileToLoad; piece: Piece };

/** Those that can be read as one text; those of which there is only one are alone. */
function batchesOf(files: readonly FileToLoad[], schema: TableSchema, bundling: Bundling) {
  const alone: FileToLoad[] = [];
  const batches: Small[][] = [];
  const open = new Map<string, { batch: Small[]; bytes: number; rows: number }>();
  for (const file of files) {
    const { piece } = file.csv;
    const rows = rowsOf(file, schema);
    if (piece === undefined || piece.endsAt > bundling.fileBytes || rows === 0) {
      alone.push(file);
      continue;
    }
    const bytes = piece.endsAt - piece.start + piece.lineEnd.length;
    let last = open.get(piece.lineEnd);
    if (last === undefined || last.bytes + bytes > bundling.bytes || last.rows + rows > bundling.rows) {
      last = { batch: [], bytes: 0, rows: 0 };
      open.set(piece.lineEnd, last);
      batches.push(last.batch);
    }
    last.batch.push({ file, piece });
    last.bytes += bytes;
    last.rows += rows;
  }
  for (const [one, second] of batches) if (one !== undefined && second === undefined) alone.push(one.file);
  return { alone, batches: batches.filter((batch) => batch.length > 1) };
}

/** @returns undefined where it cannot be written, or what is read is not what was audited */
async function writeBundle(
  batch: readonly Small[],
  schema: TableSchema,
  fileId: number,
): Promise<{ bundle: Bundle; fd: number } | undefined> {
  const [first] = batch;
  if (first === undefined) return undefined;
  const held = new HeldDescriptors();
  try {
    const text = new TextWriter(held.addScratch(first.piece.scratch));
    const parts: Part[] = [];
    let records = schema.header ? 1 : 0;
    for (const { file, piece } of batch) {
      parts.push({ file, firstLine: records + 1 });
      records += rowsOf(file, schema);
      if (!(await text.add(piece, schema.header && parts.length > 1))) {
        held.closeAllBut(undefined);
        return undefined;
      }
    }
    const fd = await text.end();
    return { bundle: bundleOf(first.file, { fileId, fd, parts, records, sizeBytes: text.bytes }), fd };
  } catch (error) {
    held.closeAllBut(undefined);
    // Whatever it is, DuckDB meets it too, or does not need the room.
    if (error instanceof EnvironmentError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

type Written = { fileId: number; fd: number; parts: Part[]; records: number; sizeBytes: number };

const bundleOf = (first: FileToLoad, { fileId, fd, parts, records, sizeBytes }: Written): Bundle => ({
  ...first,
  fileId,
  name: `${parts.length} small files`,
  csv: {
    readPath: `/proc/self/fd/${fd}`,
    sizeBytes,
    audit: {
      sha256: '',
      records,
      isRegular: true,
      shapes: jointShapes(parts.map(({ file }) => file)),
    },
    firstRecord: first.csv.firstRecord,
    linesOf: (numbers) => [...numbers],
    linesAt() {
      throw new Error('each record of a bundle is a line');
    },
    assertUnchanged() {},
    close() {},
  },
  parts,
});

const BUFFER_BYTES = 1024 * 1024;
const LF = 0x0a;

/** Few writes for many small files. */
class TextWriter {
  readonly #to: ScratchFile;
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #filled = 0;
  bytes = 0;

  constructor(to: ScratchFile) {
    this.#to = to;
  }

  /** Its records, with an end of line behind the last. @returns false where the file has other bytes than it had */
  async add(piece: Piece, withoutFirst: boolean): Promise<boolean> {
    const { fd, start, second, endsAt, lineEnd } = piece;
    const from = withoutFirst ? second : start;
    const length = endsAt - from;
    const needed = length + lineEnd.length;
    if (this.#filled + needed > this.#buffer.length) await this.#flush();
    if (needed > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(needed);
    // One byte more is asked for than there may be.
    const read = readSync(fd, this.#buffer, this.#filled, length + 1, from);
    // One of which a quote is open now would take the rows of others into its own.
    if (read !== length || !piece.isUnchanged()) return false;
    this.#filled += length;
    if (this.#buffer[this.#filled - 1] !== LF)
      this.#filled += this.#buffer.write(lineEnd, this.#filled, 'latin1');
    return true;
  }

  async end(): Promise<number> {
    await this.#flush();
    return this.#to.fd;
  }

  async #flush(): Promise<void> {
    await this.#to.write(this.#buffer.subarray(0, this.#filled));
    this.bytes += this.#filled;
    this.#filled = 0;
  }
}
