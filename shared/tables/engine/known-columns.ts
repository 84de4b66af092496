import type { Column } from '../contract.ts';
import { FileFaultError } from '../errors.ts';
import { headerOf, nameKey } from './header.ts';

/** The columns of a table by the names that files give them. Some databases tell `Id` from `id`. */
export class KnownColumns {
  readonly #byKey: Map<string, Column[]>;

  constructor(columns: readonly Column[]) {
    this.#byKey = Map.groupBy(columns, ({ name }) => nameKey(name));
  }

  /** There is a column with this name, without regard to case and to blanks around it. */
  has(name: string): boolean {
    return this.#byKey.has(nameKey(name));
  }

  /**
   * The one with just this name, else the only one that is like it.
   *
   * @throws FileFaultError `load.columns` where there are several
   */
  columnOf(name: string, fileId: number): Column | undefined {
    const like = this.#byKey.get(nameKey(name)) ?? [];
    const exact =
      like.find((column) => column.name === name) ?? like.find((column) => column.name === name.trim());
    if (exact !== undefined) return exact;
    if (like.length < 2) return like[0];
    const names = like.map((column) => column.name).join(' and ');
    throw fault(fileId, `its column ${name.trim()} may be each of ${names} of the table`);
  }

  /** @throws FileFaultError `load.columns` where a name of the header is empty, or two mean one column */
  assertDistinct(names: readonly string[], fileId: number): void {
    const several = names.filter((name) => (this.#byKey.get(nameKey(name))?.length ?? 0) > 1);
    headerOf(
      names.filter((name) => !several.includes(name)),
      fileId,
    );
    const taken = new Set<string>();
    for (const name of several) {
      const column = this.columnOf(name, fileId)?.name ?? '';
      if (taken.has(column)) throw fault(fileId, `two columns of the header are ${column}`);
      taken.add(column);
    }
  }
}

const fault = (fileId: number, reason: string): FileFaultError =>
  new FileFaultError({ fileId, code: 'load.columns', reason });
