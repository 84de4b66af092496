import type { Column, FileToLoad, Match, PlainCsv, TableSchema } from '../../../../shared/tables/contract.ts';
import type { LoadResult } from '../../../../shared/tables/targets/target.ts';
import type { WaitingFile } from '../../../../shared/tables/task-files.ts';
import type { FileReader } from './file-reader.ts';
import { badFileOf, type OpenFile } from './read-files.ts';
import type { SchemaInHand } from './schema-in-hand.ts';
import type { BadFile } from './settle.ts';
import type { TableContext } from './table-context.ts';
import { withDeclaredTypes } from './table-schema.ts';

/** A file that is ready to be loaded. */
export type Ready = OpenFile & { toLoad: FileToLoad };

export type Matched = {
  ready: Ready[];
  bad: BadFile[];
  /** Those that somebody writes to at this moment. */
  written: WaitingFile[];
  /** As the table is before this load. */
  schema: TableSchema | undefined;
};

export type MatchContext = Pick<TableContext, 'tools' | 'sniffer' | 'sink'> & {
  reader: FileReader;
  schemaInHand: SchemaInHand;
};

/** Meets each file's columns with the table's. What one file adds the next ones find. */
export async function matchFiles(open: readonly OpenFile[], context: MatchContext): Promise<Matched> {
  const ready: Ready[] = [];
  const bad: BadFile[] = [];
  const written: WaitingFile[] = [];
  const added: Column[] = [];
  /** Most files have the header of the one before. */
  let last: { schema: TableSchema; toLoad: FileToLoad } | undefined;
  for (const one of open) {
    try {
      const known = await conform(one, context);
      if (known === undefined) {
        written.push(one.file);
        continue;
      }
      if (added.length === 0 && last?.schema === known && isSame(last.toLoad.csv, one.csv)) {
        ready.push({ ...one, toLoad: toLoadOf(one, last.toLoad.match) });
        continue;
      }
      const toLoad = await matched(one, { ...known, columns: [...known.columns, ...added] }, context);
      const { match } = toLoad;
      added.push(...match.added);
      // Each says all that it needs: the file that added a column first may not be loaded.
      const needs = added.filter(({ name }) => match.columns.some(({ into }) => into === name));
      ready.push({ ...one, toLoad: { ...toLoad, match: { ...match, added: needs } } });
      if (added.length === 0) last = { schema: known, toLoad };
    } catch (error) {
      bad.push(badFileOf(one.file, error));
    }
  }
  return { ready, bad, written, schema: context.schemaInHand.current };
}

/** Sees that a file was read as the schema says; the schema may be another since. @returns it; undefined where somebody writes to the file */
async function conform(
  one: OpenFile,
  { schemaInHand, reader }: MatchContext,
): Promise<TableSchema | undefined> {
  const { dialect } = schemaInHand.current ?? {};
  if (dialect?.delimiter !== one.dialect.delimiter || dialect.quote !== one.dialect.quote) {
    if (!(await readAgain(one, reader))) return undefined;
  }
  const schema = schemaInHand.current;
  if (schema === undefined) throw new Error('a file was read, and there is no schema');
  return schema;
}

/** @returns whether it was; not where somebody writes to it */
export async function readAgain(one: OpenFile, reader: FileReader): Promise<boolean> {
  one.csv.close();
  const again = await reader.read(one.file);
  if (again === undefined) return false;
  Object.assign(one, again);
  return true;
}

/** Whether their first records are the same. */
const isSame = ({ firstRecord: one }: PlainCsv, { firstRecord: other }: PlainCsv): boolean =>
  one.length === other.length && one.every((cell, index) => cell === other[index]);

async function matched(
  one: OpenFile,
  schema: TableSchema,
  { tools, sniffer, sink }: MatchContext,
): Promise<FileToLoad> {
  const { file, csv } = one;
  let match = tools.matchColumns(csv, schema, sink.settings.onColumns, file.fileId);
  if (match.added.length > 0) {
    const typed = await (await sniffer()).added(csv, match, schema);
    match = withDeclaredTypes(typed, sink.settings.declared);
  }
  return toLoadOf(one, match);
}

function toLoadOf({ file, csv }: OpenFile, match: Match): FileToLoad {
  const { fileId, taskId, name, path, ingestDate } = file;
  return { fileId, taskId, name, path, ingestDate, csv, match };
}

/** The columns that a load gave the table: files whose content was there have added nothing. */
export function addedBy(ready: readonly Ready[], { loaded }: LoadResult): Column[] {
  const ids = new Set(loaded.map(({ fileId }) => fileId));
  const added = ready.flatMap(({ file, toLoad }) => (ids.has(file.fileId) ? toLoad.match.added : []));
  return [...new Map(added.map((column) => [column.name, column])).values()];
}

/** A content goes into one load once; the others with the same find it there. */
export function distinct(ready: readonly Ready[]): { first: Ready[]; again: Ready[] } {
  const seen = new Set<string>();
  const [first, again]: [Ready[], Ready[]] = [[], []];
  for (const one of ready) {
    const { sha256 } = one.csv.audit;
    (seen.has(sha256) ? again : first).push(one);
    seen.add(sha256);
  }
  return { first, again };
}
