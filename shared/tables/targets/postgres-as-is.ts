import type { FileToLoad, TableSchema } from '../contract.ts';
import { trustedCellOf } from '../engine/trusted-cells.ts';
import type { Relation } from './postgres-relation.ts';

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
