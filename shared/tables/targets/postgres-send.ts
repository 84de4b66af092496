import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import type { FileToLoad, Piece, TableSchema } from '../contract.ts';
import { rowsOf } from '../engine/judge.ts';
import { ident, text } from '../engine/sql.ts';
import type { AsIs } from './postgres-as-is.ts';
import type { Relation } from './postgres-relation.ts';
import type { PostgresSession } from './postgres-session.ts';

/** What the server took is not what was counted, or a file is not what it was: DuckDB's reader finds out what is the matter. */
export class NotAsCountedError extends Error {
  override readonly name = 'NotAsCountedError';
}

/**
 * Sends the texts of files into a table.
 *
 * @throws DatabaseError; TargetError; NotAsCountedError
 */
export async function sendTexts(
  session: PostgresSession,
  relation: Relation,
  schema: TableSchema,
  { files, columns, dialect, nullWord }: AsIs,
): Promise<void> {
  const texts = new Texts(files);
  const into = columns.map(ident).join(', ');
  const format = [
    'FORMAT csv',
    "ENCODING 'UTF8'",
    `DELIMITER ${text(dialect.delimiter)}`,
    // No cell has one where the dialect has none.
    `QUOTE ${text(dialect.quote === '' ? '"' : dialect.quote)}`,
    `NULL ${text(nullWord)}`,
    // DuckDB takes the word for NULL in quotes too, and of the server's words for values some may be among ours: `NaN`, `today`. Nothing in quotes is refused.
    ...(nullWord === '' ? [] : [`FORCE_NULL (${into})`]),
  ].join(', ');
  const added = await session.copyIn(`COPY ${relation.sql} (${into}) FROM STDIN (${format})`, texts.chunks());
  const expected = files.reduce((sum, file) => sum + rowsOf(file, schema), 0);
  if (texts.isCut || added !== expected) throw new NotAsCountedError();
}

const CHUNK_BYTES = 256 * 1024;
const LF = 0x0a;

const readAsync = promisify(read);

/** The records below the headers of files, one after the other. */
class Texts {
  readonly #files: readonly FileToLoad[];
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #filled = 0;
  #last = LF;
  /** A file could not be read, or has other bytes than it had: no more of any was sent. */
  isCut = false;

  constructor(files: readonly FileToLoad[]) {
    this.#files = files;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for (const { csv } of this.#files) {
      if (csv.piece === undefined) throw new Error('it was sorted out that it has one');
      yield* this.#piece(csv.piece);
      if (this.isCut) return;
    }
    if (this.#filled > 0) yield this.#chunk.subarray(0, this.#filled);
  }

  async *#piece(piece: Piece): AsyncGenerator<Buffer> {
    const { fd, second, endsAt, lineEnd } = piece;
    for (let at = second; at < endsAt; ) {
      const length = Math.min(endsAt - at, CHUNK_BYTES - this.#filled);
      const got = await this.#read(fd, length, at, endsAt - second);
      if (got !== length) return this.#cut();
      at += got;
      this.#last = this.#chunk[this.#filled - 1] as number;
      if (this.#filled === CHUNK_BYTES) yield this.#next();
    }
    if (second < endsAt && this.#last !== LF) {
      if (this.#filled + lineEnd.length > CHUNK_BYTES) yield this.#next();
      this.#filled += this.#chunk.write(lineEnd, this.#filled, 'latin1');
    }
    if (!isUnchanged(piece)) this.#cut();
  }

  /** Of a small file at once, which takes less time than to ask for it. */
  async #read(fd: number, length: number, at: number, sizeBytes: number): Promise<number> {
    try {
      const got =
        sizeBytes <= CHUNK_BYTES
          ? readSync(fd, this.#chunk, this.#filled, length, at)
          : (await readAsync(fd, this.#chunk, this.#filled, length, at)).bytesRead;
      this.#filled += got;
      return got;
    } catch {
      return -1;
    }
  }

  /** What was given away is not written to any more. */
  #next(): Buffer {
    const full = this.#chunk.subarray(0, this.#filled);
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#filled = 0;
    return full;
  }

  #cut(): void {
    this.isCut = true;
  }
}

/** What cannot be asked is not known to be as it was. */
function isUnchanged(piece: Piece): boolean {
  try {
    return piece.isUnchanged();
  } catch {
    return false;
  }
}
