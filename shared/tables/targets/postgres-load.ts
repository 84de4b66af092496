import type { FileLoad, FileToLoad } from '../contract.ts';
import { TargetError } from '../errors.ts';
import type { LoadCrashPoints } from '../load-crash-points.ts';
import { isLockTimeout, isOfARow } from './postgres-errors.ts';
import { hasOtherRecords, makeRecordTables, takeContents } from './postgres-records.ts';
import { findRelation, type Relation } from './postgres-relation.ts';
import { addColumns, createTable, lockColumns, lockCreation, tableGone, takesAll } from './postgres-table.ts';
import { begin, rollBack } from './postgres-transaction.ts';
import { findFault, type Tools, writeFiles } from './postgres-write.ts';
import type { Load, LoadResult } from './target.ts';

/** A table that comes and goes again while we look is an error after so many times. */
const ATTEMPTS = 4;

/**
 * Loads files in one transaction: first their records, so that of two that load one content the second waits for the first and then finds it
 * there; then rows and rejects. Contents before tables, always: so no two loads wait for each other.
 *
 * @throws DatabaseError; TargetError; FileFaultError; the signal's reason
 */
export async function loadInto(tools: Tools, load: Load, crash: LoadCrashPoints): Promise<LoadResult> {
  const { session, duck } = tools;
  // A copy that was interrupted may have left it otherwise; the engine numbers rows by their order.
  await duck.run('SET preserve_insertion_order = true');
  for (let attempt = 1; ; attempt += 1) {
    const hasChanged = attempt > 1;
    await session.during(load.signal, () => prepare(tools, load, hasChanged));
    try {
      const result = await session.during(load.signal, () => write(tools, load));
      if (result !== undefined) {
        crash.reach('load.in-transaction');
        await commit(tools, load, crash);
        return result;
      }
      await rollBack(session);
    } catch (error) {
      await rollBack(session);
      throw isOfARow(error)
        ? ((await session.during(load.signal, () => blame(tools, load))) ?? error)
        : error;
    }
    if (attempt === ATTEMPTS) throw unsteady(load.table);
  }
}

/** From here on the signal ends nothing any more: half a commit is none that anyone could tell of. */
async function commit({ session }: Tools, load: Load, crash: LoadCrashPoints): Promise<void> {
  load.signal.throwIfAborted();
  load.assertHeld();
  crash.reach('load.before-commit');
  await session.run('COMMIT');
  crash.reach('load.committed');
}

/** What has its own short transactions, before the long one. */
async function prepare(tools: Tools, load: Load, hasChanged: boolean): Promise<void> {
  const { session, lockWaitMs } = tools;
  let relation = await findRelation(session, load.table);
  try {
    if (!relation.hasRecords) {
      await makeRecordTables(session, relation, lockWaitMs);
      relation = await findRelation(session, load.table);
    }
    if (relation.columns !== undefined) await addColumns(tools, relation, load, hasChanged);
  } catch (error) {
    await rollBack(session);
    throw error;
  }
}

/** @returns undefined where the table was just made, or changed, by another: then it is to be prepared */
async function write(tools: Tools, load: Load): Promise<LoadResult | undefined> {
  const { session, duck } = tools;
  const found = await open(tools, load);
  if (found === undefined) return undefined;
  const { taken, present } = found;
  let { relation } = found;
  if (taken.length === 0) return { loaded: [], present };
  if (relation.columns === undefined) {
    await createTable(session, duck, relation, { ...load, files: taken });
    relation = await findRelation(session, load.table);
  }
  return { loaded: await writeFiles(tools, relation, load, taken), present };
}

type Opened = { relation: Relation; taken: FileToLoad[]; present: FileLoad[] };

async function open({ session, duck, lockWaitMs }: Tools, load: Load): Promise<Opened | undefined> {
  await begin(session, load.files, lockWaitMs);
  const { taken, present } = await take(load, () =>
    findRelation(session, load.table).then((relation) => takeContents(session, relation, load.files)),
  );
  const before = await findRelation(session, load.table);
  if (before.columns !== undefined) {
    if (taken.length === 0) return { relation: before, taken, present };
    // Another load may have added a column of another type since we looked.
    await lockColumns(session, before, load.schema.key.length > 0);
    const relation = await findRelation(session, load.table);
    const isReady = relation.sql === before.sql && (await takesAll(duck, relation, load));
    return isReady ? { relation, taken, present } : undefined;
  }
  await lockCreation(session, before);
  const relation = await findRelation(session, load.table);
  if (relation.columns !== undefined) return undefined;
  if (present.length > 0 || (await hasOtherRecords(session, relation, load.files))) throw tableGone(relation);
  return { relation, taken, present };
}

/** A content that another process is just loading is no failure: it will be there, or not. */
async function take<T>(load: Load, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new TargetError('busy', `another load of the same content into ${load.table} goes on`, {
      code: 'load.busy',
      subject: load.table,
      hint: 'it is tried again',
      cause: error,
    });
  }
}

/** Which file the server has refused a row of; nothing of this lasts. */
async function blame(tools: Tools, load: Load): Promise<unknown> {
  try {
    const found = await open(tools, load);
    if (found === undefined) return undefined;
    const { relation, taken } = found;
    if (relation.columns === undefined)
      await createTable(tools.session, tools.duck, relation, { ...load, files: taken });
    return await findFault(tools, relation, load, taken);
  } finally {
    await rollBack(tools.session);
  }
}

const unsteady = (table: string) =>
  new TargetError('away', `the table ${table} comes and goes`, {
    code: 'load.table-changed',
    subject: table,
    hint: 'see who makes and drops it',
  });
