import type { DuckDBConnection } from '@duckdb/node-api';
import type { FileLoad, FileToLoad } from '../contract.ts';
import { rowsOf } from '../engine/judge.ts';
import { loadRows, type RowsLoaded } from '../engine/load-rows.ts';
import { FileFaultError } from '../errors.ts';
import { groupsAsIs } from './postgres-as-is.ts';
import { copyRows } from './postgres-copy.ts';
import { isOfARow, reasonOf } from './postgres-errors.ts';
import { INCOMING, makeIncoming, moveNewRows } from './postgres-keys.ts';
import { noteNumbers, noteRejects } from './postgres-records.ts';
import type { Relation } from './postgres-relation.ts';
import { NotAsCountedError, sendTexts } from './postgres-send.ts';
import type { PostgresSession } from './postgres-session.ts';
import { atomically } from './postgres-transaction.ts';
import { maxLengthOf } from './postgres-types.ts';
import type { Load } from './target.ts';

export type Tools = {
  session: PostgresSession;
  duck: DuckDBConnection;
  scratch: string;
  /** How long somebody else's lock is waited for. */
  lockWaitMs: number;
};

/**
 * Writes rows and rejects of files whose records this transaction has made, and their numbers into these.
 *
 * @throws DatabaseError; TargetError; FileFaultError; what DuckDB throws
 */
export async function writeFiles(
  tools: Tools,
  relation: Relation,
  load: Load,
  files: readonly FileToLoad[],
): Promise<FileLoad[]> {
  const { session } = tools;
  const sent = await sendAsIs(tools, relation, load, files);
  const left = files.filter(({ fileId }) => !sent.has(fileId));
  const parsed = left.length === 0 ? NOTHING : await writeParsed(tools, relation, load, left);
  for (const each of parsed.files) sent.set(each.fileId, each);
  const loads = files.flatMap(({ fileId }) => sent.get(fileId) ?? []);
  await noteRejects(session, relation, files, parsed.rejects);
  await noteNumbers(session, relation, files, loads);
  return loads;
}

const NOTHING: RowsLoaded = { files: [], rejects: [] };

/** What the server reads itself, by file. Where it refuses a row of a group all files of it are left, since DuckDB tells what is wrong, and of which. */
async function sendAsIs(
  { session }: Tools,
  relation: Relation,
  load: Load,
  files: readonly FileToLoad[],
): Promise<Map<number, FileLoad>> {
  const { schema, lineage, unbundled = false } = load;
  const sent = new Map<number, FileLoad>();
  if (lineage || unbundled || schema.key.length > 0) return sent;
  for (const group of groupsAsIs(files, schema, relation)) {
    try {
      await atomically(session, () => sendTexts(session, relation, schema, group));
    } catch (error) {
      if (error instanceof NotAsCountedError || isOfARow(error)) continue;
      throw error;
    }
    for (const file of group.files)
      sent.set(file.fileId, { fileId: file.fileId, rows: rowsOf(file, schema), rejects: 0 });
  }
  return sent;
}

/** What DuckDB makes of files. */
async function writeParsed(
  { session, duck, scratch }: Tools,
  relation: Relation,
  load: Load,
  files: readonly FileToLoad[],
): Promise<RowsLoaded> {
  const hasKey = load.schema.key.length > 0;
  const maxLengths = maxLengthsOf(relation);
  let names: string[] = [];
  let refusal: { error: unknown } | undefined;
  const consume = async (select: string, columns: Parameters<typeof copyRows>[2]['columns']) => {
    const into = hasKey ? INCOMING : relation.sql;
    if (hasKey && names.length === 0)
      await makeIncoming(
        session,
        relation,
        columns.map(({ name }) => name),
      );
    names = columns.map(({ name }) => name);
    try {
      return await atomically(session, () =>
        copyRows(session, duck, { select, columns, maxLengths, into, scratch }),
      );
    } catch (error) {
      refusal = { error };
      throw error;
    }
  };
  let written: RowsLoaded;
  try {
    // Where there is a key, each row has to say where it comes from, at least on its way.
    written = await loadRows(duck, { ...load, files, lineage: load.lineage || hasKey }, consume);
  } catch (error) {
    throw error instanceof FileFaultError ? error : (refusal?.error ?? error);
  }
  if (!hasKey || names.length === 0) return written;
  const columns = load.lineage ? names : names.filter((name) => name !== '_file_id' && name !== '_line');
  const loads = await moveNewRows(session, relation, { ...load, files, columns, loads: written.files });
  return { ...written, files: loads };
}

function maxLengthsOf({ columns = [] }: Relation): Map<string, number> {
  const limited = columns.map(({ name, stored }) => [name, maxLengthOf(stored)] as const);
  return new Map(limited.flatMap(([name, length]) => (length === undefined ? [] : [[name, length]])));
}

/**
 * Finds the file that has the row which the server refused, by writing one after the other, in a transaction that is then rolled back.
 *
 * @returns undefined where they all pass this time
 */
export async function findFault(
  tools: Tools,
  relation: Relation,
  load: Load,
  files: readonly FileToLoad[],
): Promise<FileFaultError | undefined> {
  await tools.session.run('SET CONSTRAINTS ALL IMMEDIATE');
  for (const file of files) {
    try {
      await writeFiles(tools, relation, load, [file]);
    } catch (error) {
      if (isOfARow(error))
        return new FileFaultError(
          {
            fileId: file.fileId,
            code: 'load.row-refused',
            reason: reasonOf(error),
            hint: 'mend the row, or what the table demands of it',
          },
          error,
        );
      throw error;
    }
  }
  return undefined;
}
