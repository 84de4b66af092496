import { lazyTransaction } from '../../../../shared/state/transaction.ts';
import type { TableSchema } from '../../../../shared/tables/contract.ts';
import { BundleError } from '../../../../shared/tables/engine/bundle.ts';
import type { Load, LoadResult } from '../../../../shared/tables/targets/target.ts';
import type { Ready } from './match-files.ts';
import { assertNoTrouble } from './read-files.ts';
import type { BadFile, Outcome } from './settle.ts';
import type { LoadStore } from './store.ts';
import type { TableContext } from './table-context.ts';
import { assertTasksHeld, type TaskInHand } from './task-in-hand.ts';

type IntoContext = Pick<TableContext, 'target' | 'sink' | 'store' | 'signal'>;

/**
 * Loads files into their table, where their tasks are still ours and they are still what was audited. Until then they may be written to:
 * minutes have gone by.
 *
 * @throws FileFaultError, TargetError, LeaseLostError
 */
export async function intoTarget(
  ready: readonly Ready[],
  schema: TableSchema,
  tasks: ReadonlySet<TaskInHand>,
  { target, sink, signal, store }: IntoContext,
): Promise<LoadResult> {
  const { table, maxRejects, lineage } = sink.settings;
  rememberContents(ready, tasks, store);
  const load: Load = {
    table,
    schema,
    files: ready.map(({ toLoad }) => toLoad),
    maxRejects,
    lineage,
    signal,
    assertHeld() {
      assertTasksHeld(tasks, store);
      if (!isPublishing(tasks, store)) assertUnchanged(ready);
    },
  };
  try {
    return await target.load(load);
  } catch (error) {
    // Nothing of it was written: one by one the files say what is wrong with which.
    if (!(error instanceof BundleError)) throw error;
    return await target.load({ ...load, unbundled: true });
  }
}

/** So that whoever comes next can ask the target for a content whose file is gone by then. Not waited for on disk. */
function rememberContents(ready: readonly Ready[], tasks: ReadonlySet<TaskInHand>, store: LoadStore): void {
  const unknown = ready.filter(
    ({ file, csv }) => file.scanned !== undefined && file.knownSha256 !== csv.audit.sha256,
  );
  if (unknown.length === 0) return;
  lazyTransaction(store.state, () => {
    assertTasksHeld(tasks, store);
    for (const { file, csv } of unknown) store.scanner.setContent(file.fileId, csv.audit.sha256);
  });
  for (const { file, csv } of unknown) file.knownSha256 = csv.audit.sha256;
}

/** With a plan Parquet files are getting their names: what becomes of their sources is late. */
const isPublishing = (tasks: ReadonlySet<TaskInHand>, { publications }: LoadStore): boolean =>
  [...tasks].some(({ id }) => publications.of(id) !== undefined);

function assertUnchanged(ready: readonly Ready[]): void {
  try {
    for (const { csv } of ready) csv.assertUnchanged();
  } catch (error) {
    assertNoTrouble(error);
    throw error;
  }
}

/**
 * Of files that will not do, those whose content is in the table all the same: a holder that died behind the target's commit had read them.
 *
 * @throws TargetError
 */
export async function findLoaded(
  bad: readonly BadFile[],
  { target, sink }: Pick<IntoContext, 'target' | 'sink'>,
): Promise<Pick<Outcome, 'read' | 'bad'> & { present: LoadResult['present'] }> {
  const known = bad.flatMap(({ file }) => file.knownSha256 ?? []);
  const found = known.length === 0 ? undefined : await target.find?.(sink.settings.table, known);
  const of = ({ file: { fileId, knownSha256: sha256 } }: BadFile) => {
    const record = sha256 === undefined ? undefined : found?.get(sha256);
    return sha256 === undefined || record === undefined ? undefined : { fileId, sha256, record };
  };
  return {
    bad: bad.filter((one) => of(one) === undefined),
    read: bad.flatMap((one) => {
      const there = of(one);
      return there === undefined ? [] : [{ file: one.file, sha256: there.sha256 }];
    }),
    present: bad.flatMap((one) => {
      const there = of(one);
      if (there === undefined) return [];
      const { rows, rejects } = there.record;
      return [{ fileId: there.fileId, rows, rejects }];
    }),
  };
}
