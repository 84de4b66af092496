import { hash } from 'node:crypto';
import Database from 'better-sqlite3';
import { type BytePath, fromBytes, toBytes } from '../../fs/byte-path.ts';

/**
 * The paths that the ledger names, and those that were found without being named: sets of millions that must not be in memory.
 * They are in a temporary database of SQLite, whose file has no name, so that nothing is left behind however this ends.
 *
 * Named paths are kept as 64 bits of their hash. Of five million, a stray file is overlooked with a probability of 10⁻¹².
 */
export class KnownPaths implements Disposable {
  readonly #database = new Database('');
  readonly #add;
  readonly #has;
  readonly #addStray;
  readonly #strays;

  constructor() {
    this.#database.pragma('journal_mode = OFF');
    this.#database.pragma('synchronous = OFF');
    this.#database.pragma(`cache_size = -${CACHE_KIB}`);
    this.#database.exec(`
      CREATE TABLE known (hash INTEGER PRIMARY KEY) STRICT;
      CREATE TABLE strays (id INTEGER PRIMARY KEY, path BLOB NOT NULL) STRICT;`);
    this.#add = this.#database.prepare('INSERT INTO known VALUES (?) ON CONFLICT DO NOTHING');
    this.#has = this.#database.prepare('SELECT 1 FROM known WHERE hash = ?');
    this.#addStray = this.#database.prepare('INSERT INTO strays (path) VALUES (?)');
    this.#strays = this.#database.prepare<[number], { id: number; path: Buffer }>(
      'SELECT id, path FROM strays WHERE id > ? ORDER BY id LIMIT 1000',
    );
    this.#database.exec('BEGIN');
  }

  /** @returns whether it was not known before */
  add(path: BytePath): boolean {
    return this.#add.run(hashOf(path)).changes === 1;
  }

  has(path: BytePath): boolean {
    return this.#has.get(hashOf(path)) !== undefined;
  }

  addStray(path: BytePath): void {
    this.#addStray.run(toBytes(path));
  }

  *strays(): Generator<BytePath> {
    let after = 0;
    for (;;) {
      const rows = this.#strays.all(after);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      for (const row of rows) yield fromBytes(row.path);
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** Enough for the inner pages of five million hashes, and more would not make it faster. */
const CACHE_KIB = 32_768;

const hashOf = (path: BytePath): bigint => hash('sha1', toBytes(path), 'buffer').readBigInt64LE();
