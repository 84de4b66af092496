import type { LoadSink } from '../../../../shared/config/settings.ts';
import type { Column, Match, TableSchema } from '../../../../shared/tables/contract.ts';
import { nameKey } from '../../../../shared/tables/engine/header.ts';

type Declared = LoadSink['declared'];

export const DEFAULT_DIALECT: TableSchema['dialect'] = { delimiter: ',', quote: '"' };

/**
 * The schema that holds: what is declared, then what the table that is there says, then what is kept, or what its first file shows.
 *
 * @param base what is kept, or what the first file shows; undefined: nothing yet
 * @param described the columns of the table that is there
 * @returns undefined where columns, or how cells are cut, are still to be taken from a file
 */
export function schemaFrom(
  base: TableSchema | undefined,
  described: readonly Column[] | undefined,
  declared: Declared,
): TableSchema | undefined {
  if (base === undefined) return undefined;
  const { header, encoding, nulls, key } = declared;
  const dialect = {
    delimiter: declared.delimiter ?? base.dialect.delimiter,
    quote: declared.quote ?? base.dialect.quote,
  };
  return { ...base, columns: columnsFrom(base, described, declared), dialect, header, encoding, nulls, key };
}

function columnsFrom(
  base: TableSchema,
  described: readonly Column[] | undefined,
  { columns: declared = [] }: Declared,
): Column[] {
  if (described !== undefined)
    return described.map((column) => ({
      ...column,
      type: named(declared, column.name)?.type ?? column.type,
    }));
  return [...declared, ...base.columns.filter(({ name }) => named(declared, name) === undefined)];
}

/** How cells are cut where that is declared whole. */
export const declaredDialect = ({ delimiter, quote }: Declared): TableSchema['dialect'] | undefined =>
  delimiter === undefined ? undefined : { delimiter, quote: quote ?? DEFAULT_DIALECT.quote };

/** A column that the table lacks and the sink declares is added as it is declared. */
export function withDeclaredTypes(match: Match, { columns = [] }: Declared): Match {
  const typed = (column: Column): Column => ({
    ...column,
    type: named(columns, column.name)?.type ?? column.type,
  });
  const added = match.added.map(typed);
  const isAdded = (into: string | undefined) => into !== undefined && named(added, into) !== undefined;
  return {
    added,
    columns: match.columns.map((column) =>
      isAdded(column.into)
        ? { ...column, type: named(added, column.into ?? '')?.type ?? column.type }
        : column,
    ),
  };
}

const named = (columns: readonly Column[], name: string): Column | undefined =>
  columns.find((column) => nameKey(column.name) === nameKey(name));
