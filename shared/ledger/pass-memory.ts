import Database from 'better-sqlite3';
import { type BytePath, fromBytes, toBytes } from '../fs/byte-path.ts';

/**
 * What one pass over many files has met: contents, and names given away. In a database of its own that is deleted as it is opened
 * and goes to disk where it gets large, so that memory does not grow with the files.
 */
export class PassMemory implements Disposable {
  readonly #database = new Database('');
  readonly #addContent;
  readonly #firstWith;
  readonly #addDestination;

  constructor() {
    this.#database.exec(`
      CREATE TABLE contents (sha256 BLOB PRIMARY KEY, source BLOB NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE destinations (path BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;`);
    this.#addContent = this.#database.prepare('INSERT OR IGNORE INTO contents VALUES (?, ?)');
    this.#firstWith = this.#database
      .prepare<[Buffer], Buffer>('SELECT source FROM contents WHERE sha256 = ?')
      .pluck();
    this.#addDestination = this.#database.prepare('INSERT OR IGNORE INTO destinations VALUES (?)');
  }

  /** @returns the first file that had this content, if it is not this one */
  meet(sha256: Buffer, source: BytePath): BytePath | undefined {
    if (this.#addContent.run(sha256, toBytes(source)).changes === 1) return undefined;
    const first = this.#firstWith.get(sha256);
    return first === undefined ? undefined : fromBytes(first);
  }

  /** @returns false where it was given away before */
  giveAway(destination: BytePath): boolean {
    return this.#addDestination.run(toBytes(destination)).changes === 1;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
