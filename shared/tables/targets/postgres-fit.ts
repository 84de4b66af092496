import type { Column } from '../contract.ts';
import type { RelationColumn } from './postgres-relation.ts';
import { keepsValues, toDuckType } from './postgres-types.ts';

/** Why a table cannot be loaded into; `isOfAdded`: the file was matched with a table that had no such column. */
export type Misfit = {
  column: string;
  what: string;
  hint?: string;
  isOfAdded: boolean;
  isGenerated: boolean;
};

/** The columns that the table is to be given first, and the first of those it has that will not do. */
export type Fit = { missing: Column[]; misfit: Misfit | undefined };

/**
 * How the columns of a table meet those that a load writes.
 *
 * @param wanted with types of PostgreSQL
 * @param names `added`: that the table may lack; `given`: that have values, while the others are NULL in all rows
 */
export function fit(
  columns: readonly RelationColumn[],
  wanted: readonly Column[],
  { added, given }: { added: ReadonlySet<string>; given: ReadonlySet<string | undefined> },
): Fit {
  const there = new Map(columns.map((column) => [column.name, column]));
  const missing: Column[] = [];
  for (const column of wanted) {
    const found = there.get(column.name);
    const isOfAdded = added.has(column.name);
    if (found === undefined && isOfAdded) missing.push(column);
    else {
      const wrong = misfitOf(found, column, given.has(column.name));
      const isGenerated = found?.isGenerated === true;
      if (wrong !== undefined)
        return { missing, misfit: { ...wrong, column: column.name, isOfAdded, isGenerated } };
    }
  }
  return { missing, misfit: undefined };
}

/** The server reads text, and refuses what it cannot read; but it would round a number or drop a time without a word. */
function misfitOf(
  found: RelationColumn | undefined,
  wanted: Column,
  isGiven: boolean,
): Pick<Misfit, 'what' | 'hint'> | undefined {
  if (found === undefined) return { what: `it has no column ${wanted.name}` };
  const { name, stored } = found;
  if (found.isGenerated) return { what: `its column ${name} is generated` };
  const type =
    stored === '' || stored === 'enum' || stored === found.type ? found.type : `${found.type} (${stored})`;
  if (!keepsValues(stored)) {
    if (!isGiven) return undefined;
    return {
      what: `its column ${name} is ${type}, which may round or cut a value without a word`,
      hint: 'give the column a type that keeps all of it, as text, numeric or timestamp without a precision, or another table in the sink; then: wharfinger load retry',
    };
  }
  const isSame = stored === wanted.type || toDuckType(stored) === toDuckType(wanted.type);
  const isInteger = INTEGERS.has(stored) && INTEGERS.has(wanted.type);
  // Bytes have no text of their own.
  const isText = toDuckType(stored) === 'VARCHAR' && wanted.type !== 'bytea';
  if (isSame || isInteger || isText) return undefined;
  return { what: `its column ${name} is ${type}, and files have ${wanted.type} for it` };
}

const INTEGERS: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric(20,0)',
  'numeric(39,0)',
]);
