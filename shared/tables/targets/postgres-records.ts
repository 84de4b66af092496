import type { FileLoad, FileToLoad, Reject } from '../contract.ts';
import { ident } from '../engine/sql.ts';
import type { Relation } from './postgres-relation.ts';
import type { PostgresSession } from './postgres-session.ts';
import { type FileRecord, LOADS_TABLE, type LoadRecord, REJECTS_TABLE } from './target.ts';

/** Of advisory locks, so that those of others are not met: the first half of the key. */
export const LOCK_SPACE = 0x7768_6172;

/** As many at a time are sent, or read: some megabytes at most. */
const PAGE = 1000;

/** Our two tables of a schema, as SQL names them. */
export const loadsOf = ({ schema }: Pick<Relation, 'schema'>) => `${ident(schema)}.${LOADS_TABLE}`;
export const rejectsOf = ({ schema }: Pick<Relation, 'schema'>) => `${ident(schema)}.${REJECTS_TABLE}`;

/**
 * Makes the tables of records and rejects where they are not there. Two at once would fail, IF NOT EXISTS or not: so one of them waits.
 * A transaction of its own.
 */
export async function makeRecordTables(
  session: PostgresSession,
  relation: Relation,
  lockWaitMs: number,
): Promise<void> {
  await session.run(`
    BEGIN; SET LOCAL lock_timeout = ${lockWaitMs}; SET LOCAL client_min_messages = warning;
    SELECT pg_advisory_xact_lock(${LOCK_SPACE}, 0);
    CREATE TABLE IF NOT EXISTS ${loadsOf(relation)} (
      table_name text NOT NULL, sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'), file_id bigint NOT NULL,
      file_name text NOT NULL, task_id bigint NOT NULL, "rows" bigint NOT NULL, rejects bigint NOT NULL,
      loaded_at timestamptz NOT NULL DEFAULT now(), UNIQUE (table_name, sha256));
    CREATE TABLE IF NOT EXISTS ${rejectsOf(relation)} (
      table_name text NOT NULL, sha256 text NOT NULL, file_name text NOT NULL, line bigint NOT NULL, "column" text,
      value text, reason text NOT NULL, rejected_at timestamptz NOT NULL DEFAULT now());
    COMMIT`);
}

/**
 * Takes the contents of these files for this transaction. Where another one is just loading one of them this waits until that has ended. In the
 * order of their hashes, so that two that load several never wait for each other.
 *
 * @returns the files that are taken, and those whose content was there before
 */
export async function takeContents(
  session: PostgresSession,
  relation: Relation,
  files: readonly FileToLoad[],
): Promise<{ taken: FileToLoad[]; present: FileLoad[] }> {
  const bySha256 = new Map(files.map((file) => [file.csv.audit.sha256, file]));
  const hashes = [...bySha256.keys()].sort();
  const inOrder = hashes.flatMap((sha256) => bySha256.get(sha256) ?? []);
  const inserted = await session.run<{ sha256: string }>(
    `INSERT INTO ${loadsOf(relation)} (table_name, sha256, file_id, file_name, task_id, "rows", rejects)
     SELECT $1, sha256, file_id, file_name, task_id, 0, 0
     FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[]) WITH ORDINALITY
       AS given (sha256, file_id, file_name, task_id, position) ORDER BY position
     ON CONFLICT (table_name, sha256) DO NOTHING RETURNING sha256`,
    [
      relation.name,
      hashes,
      inOrder.map(({ fileId }) => fileId),
      inOrder.map(({ name }) => name),
      inOrder.map(({ taskId }) => taskId),
    ],
  );
  const mine = new Set(inserted.map(({ sha256 }) => sha256));
  const records = await session.run<RecordRow>(
    `SELECT sha256, file_name, "rows", rejects FROM ${loadsOf(relation)} WHERE table_name = $1 AND sha256 = ANY($2)`,
    [relation.name, hashes.filter((sha256) => !mine.has(sha256))],
  );
  const present = records.map((row) => {
    const { sha256, rows, rejects } = recordOf(row);
    return { fileId: bySha256.get(sha256)?.fileId ?? 0, rows, rejects };
  });
  return { taken: files.filter(({ csv }) => mine.has(csv.audit.sha256)), present };
}

/** Whether the table has records of other contents than these. */
export async function hasOtherRecords(
  session: PostgresSession,
  relation: Relation,
  files: readonly FileToLoad[],
): Promise<boolean> {
  const [found] = await session.run<{ is: boolean }>(
    `SELECT EXISTS (SELECT FROM ${loadsOf(relation)} WHERE table_name = $1 AND sha256 <> ALL($2)) AS is`,
    [relation.name, files.map(({ csv }) => csv.audit.sha256)],
  );
  return found?.is === true;
}

/** Writes what became of the files into the records that `takeContents` made. */
export async function noteNumbers(
  session: PostgresSession,
  relation: Relation,
  files: readonly FileToLoad[],
  loads: readonly FileLoad[],
): Promise<void> {
  const hashes = new Map(files.map(({ fileId, csv }) => [fileId, csv.audit.sha256]));
  await session.run(
    `UPDATE ${loadsOf(relation)} AS loads SET "rows" = n.rows, rejects = n.rejects, loaded_at = now()
     FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS n (sha256, rows, rejects)
     WHERE loads.table_name = $1 AND loads.sha256 = n.sha256`,
    [
      relation.name,
      loads.map(({ fileId }) => hashes.get(fileId)),
      loads.map(({ rows }) => rows),
      loads.map(({ rejects }) => rejects),
    ],
  );
}

export async function noteRejects(
  session: PostgresSession,
  relation: Relation,
  files: readonly FileToLoad[],
  rejects: readonly Reject[],
): Promise<void> {
  const byId = new Map(files.map((file) => [file.fileId, file]));
  for (let at = 0; at < rejects.length; at += PAGE) {
    const some = rejects.slice(at, at + PAGE);
    await session.run(
      `INSERT INTO ${rejectsOf(relation)} (table_name, sha256, file_name, line, "column", value, reason)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])`,
      [
        relation.name,
        some.map(({ fileId }) => byId.get(fileId)?.csv.audit.sha256),
        some.map(({ fileId }) => byId.get(fileId)?.name),
        some.map(({ line }) => line),
        some.map(({ column }) => column ?? null),
        some.map(({ value }) => value ?? null),
        some.map(({ reason }) => reason),
      ],
    );
  }
}

/** What is on record of these contents. */
export async function findRecords(
  session: PostgresSession,
  relation: Relation,
  sha256s: readonly string[],
): Promise<Map<string, FileRecord>> {
  const records = await session.run<RecordRow>(
    `SELECT sha256, file_name, "rows", rejects FROM ${loadsOf(relation)} WHERE table_name = $1 AND sha256 = ANY($2)`,
    [relation.name, sha256s],
  );
  return new Map(
    records.map((row) => {
      const { sha256, rows, rejects } = recordOf(row);
      return [sha256, { rows, rejects }];
    }),
  );
}

/** All records of a table in the order of their hashes, a page at a time. */
export async function* allRecords(session: PostgresSession, relation: Relation): AsyncGenerator<LoadRecord> {
  for (let last = ''; ; ) {
    const page = await session.run<RecordRow>(
      `SELECT sha256, file_name, "rows", rejects FROM ${loadsOf(relation)} WHERE table_name = $1 AND sha256 > $2
       ORDER BY sha256 LIMIT ${PAGE}`,
      [relation.name, last],
    );
    yield* page.map(recordOf);
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return;
    last = end.sha256;
  }
}

/** Numbers of 64 bits come as text. */
type RecordRow = { sha256: string; file_name: string; rows: string; rejects: string };

const recordOf = (row: RecordRow): LoadRecord => ({
  sha256: row.sha256,
  fileName: row.file_name,
  rows: Number(row.rows),
  rejects: Number(row.rejects),
});
