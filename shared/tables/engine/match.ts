import type { Column, ColumnPolicy, FileColumn, Match, PlainCsv, TableSchema } from '../contract.ts';
import { FileFaultError } from '../errors.ts';
import { nameKey } from './header.ts';
import { KnownColumns } from './known-columns.ts';

/**
 * How the columns of a file meet those of the table: by name, in whatever order; by the exact one, else without regard to case and to blanks
 * around it; without a header by position. Columns that the table lacks are loaded nowhere (`ignore`), or are in `added` (`add`) as VARCHAR, which
 * `inferAdded` makes better. Columns that the file lacks are NULL in its rows.
 *
 * @throws FileFaultError `load.columns` where the policy forbids it, where a key column is missing, and where the header is none
 */
export function matchColumns(
  csv: Pick<PlainCsv, 'firstRecord'>,
  schema: TableSchema,
  policy: ColumnPolicy,
  fileId: number,
): Match {
  const names = csv.firstRecord;
  if (names.length === 0) throw fault(fileId, 'the file is empty');
  if (!schema.header) return byPosition(names.length, schema, fileId);
  const known = new KnownColumns(schema.columns);
  if (names.every((name) => !known.has(name)))
    throw fault(
      fileId,
      `no column of the table is in its first row (${listOf(names)}): it has no header, or belongs to another table`,
      'where the files have no header, say so with header: false',
    );
  known.assertDistinct(names, fileId);

  const columns = names.map((name): FileColumn => {
    const column = known.columnOf(name, fileId);
    if (column !== undefined) return { name, type: column.type, into: column.name };
    return { name, type: 'VARCHAR', into: policy === 'add' ? name.trim() : undefined };
  });
  const present = new Set(names.map((name) => known.columnOf(name, fileId)?.name));
  const missing = schema.columns.map(({ name }) => name).filter((name) => !present.has(name));
  const added: Column[] = names
    .filter((name) => !known.has(name))
    .map((name) => ({ name: name.trim(), type: 'VARCHAR' }));
  forbid({ missing, added, schema, policy, fileId });
  return { columns, added: policy === 'add' ? added : [] };
}

type Difference = {
  missing: string[];
  added: Column[];
  schema: TableSchema;
  policy: ColumnPolicy;
  fileId: number;
};

function forbid({ missing, added, schema, policy, fileId }: Difference): void {
  const keys = new Set(schema.key.map(nameKey));
  const missingKeys = missing.filter((name) => keys.has(nameKey(name)));
  if (missingKeys.length > 0) throw fault(fileId, `it lacks the key column ${listOf(missingKeys)}`);
  if (policy !== 'fail' || missing.length + added.length === 0) return;
  const lacks = missing.length === 0 ? [] : [`it lacks the column ${listOf(missing)}`];
  const has =
    added.length === 0 ? [] : [`the table lacks its column ${listOf(added.map(({ name }) => name))}`];
  throw fault(
    fileId,
    [...lacks, ...has].join('; '),
    'the policy of the sink can be to add or to ignore such columns',
  );
}

function byPosition(count: number, schema: TableSchema, fileId: number): Match {
  if (count !== schema.columns.length)
    throw fault(fileId, `its first row has ${count} cells, the table ${schema.columns.length} columns`);
  return {
    columns: schema.columns.map(({ name, type }): FileColumn => ({ name, type, into: name })),
    added: [],
  };
}

const MOST_NAMED = 5;

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).map((name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

const fault = (fileId: number, reason: string, hint?: string): FileFaultError =>
  new FileFaultError({ fileId, code: 'load.columns', reason, hint });
