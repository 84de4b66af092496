import type { DuckDBConnection } from '@duckdb/node-api';
import type { FileToLoad } from '../contract.ts';
import type { Load } from '../targets/target.ts';
import { bundleErrorOf, isBundle, unbundle } from './bundle.ts';
import type { Consume, LoadContext } from './context.ts';
import { loadFailureOf } from './failure.ts';
import { type Loaded, loadFast } from './fast.ts';
import { groupsOf } from './groups.ts';
import { rowsOf } from './judge.ts';
import { loadKeyed } from './keys.ts';
import { allowColumns } from './memory.ts';
import { withCanonicalTypes } from './types.ts';
import { BUNDLING, type Bundling, writeBundles } from './write-bundles.ts';

export type { Consume } from './context.ts';

export type RowsLoaded = Loaded;

type Rows = Pick<Load, 'files' | 'schema' | 'maxRejects' | 'lineage' | 'signal' | 'unbundled'> & {
  /** Other limits, for tests. */
  bundling?: Bundling;
};

/**
 * Reads files, casts their cells, and gives the rows to `consume`, inside the caller's transaction. `consume` is called for any number
 * of queries, none of them with a row of another, and runs each exactly once: the rejects of a query are known when it has run. A query
 * yields the columns of the table in the schema's order, those that are added, and `_file_id` and `_line` where lineage is wanted; what a
 * file lacks is NULL.
 *
 * When it returns, each record that the audit counted was given to `consume` or is among the rejects, once, and the counts of both agree.
 * When it throws, whatever it throws, the caller rolls back and calls nothing again in that transaction: after some errors DuckDB has ended
 * it, though COMMIT may say that all is well. Needs memory for the rejects, at most `maxRejects` rows of each file, and none for rows.
 *
 * Without lineage and key, files are read by few statements, each cast by DuckDB's reader, and small ones in bundles; see `loadFast`.
 *
 * @throws FileFaultError for one file: `load.rejects`, `load.lost-rows`, `load.memory`; the load may be tried again without it
 * @throws BundleError where the load is to be tried again with `unbundled`, as never happens with it
 * @throws TargetError `away` where scratch ends, or memory with more than one file: then its code is `load.memory`, and fewer may do; the signal's reason when aborted; what `consume` throws
 */
export async function loadRows(
  connection: DuckDBConnection,
  { files, schema, maxRejects, lineage, signal, unbundled = false, bundling = BUNDLING }: Rows,
  consume: Consume,
): Promise<RowsLoaded> {
  const interrupt = (): void => connection.interrupt();
  signal.addEventListener('abort', interrupt);
  const context: LoadContext = {
    connection,
    schema,
    maxRejects,
    lineage,
    trustsShapes: !unbundled && !lineage && schema.key.length === 0,
    async consume(select, columns) {
      signal.throwIfAborted();
      return consume(select, columns);
    },
  };
  try {
    signal.throwIfAborted();
    context.schema = { ...schema, columns: await withCanonicalTypes(connection, schema.columns) };
    await allowColumns(connection, Math.max(0, ...files.map(({ match }) => match.columns.length)));
    const filled = files.filter((file) => rowsOf(file, schema) > 0);
    const loaded =
      schema.key.length > 0
        ? await loadKeyed(context, filled)
        : await loadGroups(context, filled, unbundled ? undefined : bundling);
    signal.throwIfAborted();
    return inOrder(files, loaded);
  } catch (error) {
    signal.throwIfAborted();
    throw loadFailureOf(error, files);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

async function loadGroups(
  context: LoadContext,
  files: readonly FileToLoad[],
  bundling: Bundling | undefined,
): Promise<Loaded> {
  const groups = context.lineage ? files.map((file) => [file]) : groupsOf(files);
  const isAlone = context.lineage || bundling === undefined;
  const all: Loaded = { files: [], rejects: [] };
  for (const group of groups) {
    const { files: loads, rejects } = isAlone
      ? await loadFast(context, group)
      : await loadBundled(context, group, bundling);
    for (const load of loads) all.files.push(load);
    for (const reject of rejects) all.rejects.push(reject);
  }
  return all;
}

/** Small files together. */
async function loadBundled(
  context: LoadContext,
  group: readonly FileToLoad[],
  bundling: Bundling,
): Promise<Loaded> {
  const { files, close } = await writeBundles(group, context.schema, bundling);
  try {
    return unbundle(await loadFast(context, files), files, context);
  } catch (error) {
    throw files.some(isBundle) ? bundleErrorOf(error) : error;
  } finally {
    close();
  }
}

/** Files without a row, which were not read, among the others. */
function inOrder(files: readonly FileToLoad[], { files: loads, rejects }: Loaded): RowsLoaded {
  const found = new Map(loads.map((load) => [load.fileId, load]));
  return {
    files: files.map(({ fileId }) => found.get(fileId) ?? { fileId, rows: 0, rejects: 0 }),
    rejects,
  };
}
