import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import type { FileToLoad, Piece, TableSchema } from '../contract.ts';
import { rowsOf } from '../engine/judge.ts';
import { ident, text } from '../engine/sql.ts';
import { trustedCellOf } from '../engine/trusted-cells.ts';
import type { Relation } from './postgres-relation.ts';
import type { PostgresSession } from './postgres-session.ts';

/** Files that one COPY takes as they are. */
export type AsIs = {
  files: FileToLoad[];
  /** Of the table, in the order of the files' columns. */
  columns: string[];
  dialect: TableSchema['dialect'];
  /** What stands for NULL in them. */
  nullWord: string;
  bytes: number;
};

/** Of one COPY: where the server refuses a row of it all was sent in vain, and leaves its room behind. One file may have more. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * The files whose text the server reads as DuckDB does, cell by cell, or refuses: those whose columns are the table's, and of numbers and dates
 * alone, with one word for NULL, each going to a column of the type that the schema says. DuckDB need not read them, and write them anew.
 */
export function groupsAsIs(
  files: readonly FileToLoad[],
  schema: TableSchema,
  { columns: stored = [] }: Relation,
): AsIs[] {
  const types = new Map(stored.map((column) => [column.name, column.stored]));
  const open = new Map<string, AsIs>();
  const groups: AsIs[] = [];
  for (const file of files) {
    const nullWord = nullWordOf(file, schema);
    if (nullWord === undefined || !isReadAlike(file, schema, types)) continue;
    const columns = file.match.columns.map(({ into = '' }) => into);
    const key = JSON.stringify([nullWord, file.csv.piece?.lineEnd, columns]);
    let group = open.get(key);
    if (group === undefined || group.bytes + file.csv.sizeBytes > MOST_BYTES) {
      group = { files: [], columns, dialect: schema.dialect, nullWord, bytes: 0 };
      open.set(key, group);
      groups.push(group);
    }
    group.files.push(file);
    group.bytes += file.csv.sizeBytes;
  }
  return groups;
}

/** What the server stores for a type of ours, with the same values and no others. */
const SAME: ReadonlyMap<string, string> = new Map([
  ['SMALLINT', 'smallint'],
  ['INTEGER', 'integer'],
  ['BIGINT', 'bigint'],
  ['DOUBLE', 'double precision'],
  ['DATE', 'date'],
]);

function isReadAlike(
  { csv, match }: FileToLoad,
  schema: TableSchema,
  stored: ReadonlyMap<string, string>,
): boolean {
  const { shapes } = csv.audit;
  if (csv.piece === undefined || shapes === undefined || match.added.length > 0) return false;
  // A column that is left out would have its default, and not NULL.
  const into = new Set(match.columns.map((column) => column.into));
  if (into.size !== schema.columns.length || match.columns.length !== into.size) return false;
  return match.columns.every(({ type, into: name }, index) => {
    const shape = shapes[index];
    const same = SAME.get(type);
    if (name === undefined || shape === undefined || same === undefined || same !== stored.get(name))
      return false;
    const cell = trustedCellOf(type, shape, schema);
    return cell?.readAs === type && cell.isSure === undefined;
  });
}

/**
 * The word that is NULL to the server, which knows but one. Undefined where a file has two of them, or one may look like a number, and be one to the
 * server where another is the word.
 */
function nullWordOf({ csv }: FileToLoad, { nulls, dialect }: TableSchema): string | undefined {
  const { nullsFound } = csv.audit;
  if (nullsFound === undefined || nullsFound.length > 1 || nulls.some(isLikeNumber)) return undefined;
  // What it stands for in a literal depends on a setting of the server.
  if (Object.values(dialect).includes('\\')) return undefined;
  const [found] = nullsFound;
  // Where a file has none any word will do, but for the empty one, which it would rather refuse.
  if (found === undefined) return [...nulls, 'NULL'].find((word) => isPlainWord(word, dialect));
  return nulls.includes(found) && (found === '' || isPlainWord(found, dialect)) ? found : undefined;
}

const isLikeNumber = (word: string): boolean => /^[-.]*\d[-\d.]*$/.test(word);

const isPlainWord = (word: string, { delimiter, quote }: TableSchema['dialect']): boolean =>
  /^[\w./?#-]+$/.test(word) && !word.includes(delimiter) && (quote === '' || !word.includes(quote));

/** What the server took is not what was counted, or a file is not what it was: DuckDB's reader finds out what is the matter. */
export class NotAsCountedError extends Error {
  override readonly name = 'NotAsCountedError';
}

/**
 * Sends the texts of files into a table.
 *
 * @throws DatabaseError; TargetError; NotAsCountedError
 */
export async function copyAsIs(
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
