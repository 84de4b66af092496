import type { State } from '../state/open.ts';

/** A directory with archives, as the state file knows it. */
export type ArchiveBase = { id: number; path: string; marked: boolean };

type Row = { id: number; path: string; marked: number };

/** The bases that something was ever deposited in. */
export class ArchiveBases {
  readonly #insert;
  readonly #all;
  readonly #byPath;
  readonly #byId;
  readonly #setMarked;

  constructor(state: State) {
    this.#insert = state.prepare('INSERT INTO archive_bases (path) VALUES (?) ON CONFLICT (path) DO NOTHING');
    this.#all = state.prepare<[], Row>('SELECT id, path, marked FROM archive_bases ORDER BY id');
    this.#byPath = state.prepare<[string], Row>('SELECT id, path, marked FROM archive_bases WHERE path = ?');
    this.#byId = state.prepare<[number], Row>('SELECT id, path, marked FROM archive_bases WHERE id = ?');
    this.#setMarked = state.prepare('UPDATE archive_bases SET marked = 1 WHERE path = ? AND marked = 0');
  }

  all(): ArchiveBase[] {
    return this.#all.all().map(baseOf);
  }

  byPath(path: string): ArchiveBase | undefined {
    const row = this.#byPath.get(path);
    return row === undefined ? undefined : baseOf(row);
  }

  byId(id: number): ArchiveBase | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : baseOf(row);
  }

  /** Makes it known where it is not, in a transaction of the caller. */
  add(path: string): ArchiveBase {
    this.#insert.run(path);
    const base = this.byPath(path);
    if (base === undefined) throw new Error('a base that was just added is there');
    return base;
  }

  /** Its mark was seen: from now on it is told by it whether it is mounted. Idempotent. */
  setMarked(path: string): void {
    this.#setMarked.run(path);
  }
}

const baseOf = (row: Row): ArchiveBase => ({ ...row, marked: row.marked === 1 });
