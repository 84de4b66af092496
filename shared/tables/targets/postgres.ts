import type { Column } from '../contract.ts';
import { type Duck, openDuckDB } from '../engine/instance.ts';
import { type LoadCrashPoints, noLoadCrashPoints } from '../load-crash-points.ts';
import { postgresError } from './postgres-errors.ts';
import { loadInto } from './postgres-load.ts';
import { findPassword } from './postgres-password.ts';
import { allRecords, findRecords } from './postgres-records.ts';
import { findRelation, type Relation } from './postgres-relation.ts';
import { PostgresSession } from './postgres-session.ts';
import { LINEAGE_COLUMNS, tableGone } from './postgres-table.ts';
import { LOCK_WAIT_MS } from './postgres-transaction.ts';
import { toDuckType } from './postgres-types.ts';
import { type PostgresPlace, parsePostgresUrl } from './postgres-url.ts';
import type { FileRecord, Load, LoadRecord, LoadResult, TableCensus, Target } from './target.ts';

export type PostgresTargetOptions = {
  /** Without a password: see `findPassword`. */
  url: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Where `.pgpass` is looked for. */
  home?: string | undefined;
  /** A directory that can have a named pipe, and what does not fit into memory. */
  scratch: string;
  threads: number;
  memoryMiB: number;
  crash?: LoadCrashPoints;
  /** How long the lock of somebody else is waited for. */
  lockWaitMs?: number;
};

/**
 * A database of PostgreSQL 13 or later. Any number of processes may load into it at once. It connects at its first use, and again after the
 * connection was lost.
 *
 * @throws TargetError, code `load.url`
 */
export async function openPostgresTarget(options: PostgresTargetOptions): Promise<Target> {
  return new PostgresTarget(options, parsePostgresUrl(options.url, options.env));
}

class PostgresTarget implements Target {
  readonly #options: PostgresTargetOptions;
  readonly #place: PostgresPlace;
  readonly #crash: LoadCrashPoints;
  #duck: Promise<Duck> | undefined;
  #lastLoad: Promise<unknown> = Promise.resolve();
  /** That nobody uses at the moment. */
  #spare: PostgresSession | undefined;
  /** Of those who still read records. */
  readonly #reading = new Set<PostgresSession>();

  constructor(options: PostgresTargetOptions, place: PostgresPlace) {
    this.#options = options;
    this.#place = place;
    this.#crash = options.crash ?? noLoadCrashPoints;
  }

  describe(table: string): Promise<Column[] | undefined> {
    return this.#withSession(undefined, async (session) => {
      const { columns } = await findRelation(session, table);
      const written = columns?.filter(({ name, isGenerated }) => !isGenerated && !LINEAGE.has(name));
      return written?.map(({ name, stored }) => ({ name, type: toDuckType(stored) }));
    });
  }

  /** One after the other, since they share an engine. */
  load(load: Load): Promise<LoadResult> {
    const loading = this.#lastLoad.then(() => this.#load(load));
    this.#lastLoad = loading.catch(() => undefined);
    return loading;
  }

  #load(load: Load): Promise<LoadResult> {
    return this.#withSession(load.signal, async (session) => {
      const { connection } = await this.#engine();
      const { scratch, lockWaitMs = LOCK_WAIT_MS } = this.#options;
      return loadInto({ session, duck: connection, scratch, lockWaitMs }, load, this.#crash);
    });
  }

  find(table: string, sha256s: readonly string[]): Promise<ReadonlyMap<string, FileRecord>> {
    return this.#withSession(undefined, async (session) => {
      const relation = await findRelation(session, table);
      const found = relation.hasRecords ? await findRecords(session, relation, sha256s) : new Map();
      if (relation.columns === undefined && found.size > 0) throw tableGone(relation);
      return found;
    });
  }

  /** Rows and records as they were at one moment; its connection ends with the last record, or with `close`. */
  async census(table: string): Promise<TableCensus | undefined> {
    const session = await this.#connect();
    this.#reading.add(session);
    let census: TableCensus | undefined;
    try {
      census = await this.#explained(() =>
        takeCensus(session, table, (records) => this.#ending(session, records)),
      );
      return census;
    } finally {
      if (census === undefined) await this.#end(session);
    }
  }

  async close(): Promise<void> {
    for (const session of this.#reading) await this.#end(session);
    await this.#spare?.close();
    this.#spare = undefined;
    (await this.#duck)?.close();
    this.#duck = undefined;
  }

  async *#ending(session: PostgresSession, records: AsyncIterable<LoadRecord>): AsyncGenerator<LoadRecord> {
    try {
      yield* records;
    } catch (error) {
      throw postgresError(error, this.#place.text);
    } finally {
      await this.#end(session);
    }
  }

  async #end(session: PostgresSession): Promise<void> {
    this.#reading.delete(session);
    await session.close();
  }

  async #withSession<T>(
    signal: AbortSignal | undefined,
    work: (session: PostgresSession) => Promise<T>,
  ): Promise<T> {
    const spare = this.#spare;
    this.#spare = undefined;
    const session = spare?.isUsable ? spare : await this.#connect(signal);
    try {
      return await this.#explained(() => work(session));
    } finally {
      if (!session.isUsable || this.#spare !== undefined) await session.close();
      else this.#spare = session;
    }
  }

  #connect(signal?: AbortSignal): Promise<PostgresSession> {
    const { env, home } = this.#options;
    return this.#explained(() =>
      PostgresSession.open(this.#place, () => findPassword(this.#place, env, home), signal),
    );
  }

  #engine(): Promise<Duck> {
    const { scratch, threads, memoryMiB } = this.#options;
    this.#duck ??= openDuckDB({ path: ':memory:', scratch, threads, memoryMiB });
    return this.#duck;
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw postgresError(error, this.#place.text);
    }
  }
}

const LINEAGE = new Set(LINEAGE_COLUMNS.map(({ name }) => name));

async function takeCensus(
  session: PostgresSession,
  table: string,
  ending: (records: AsyncIterable<LoadRecord>) => AsyncIterable<LoadRecord>,
): Promise<TableCensus | undefined> {
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const relation = await findRelation(session, table);
  if (relation.columns === undefined) return undefined;
  const [counted] = await session.run<{ count: string }>(`SELECT count(*) AS count FROM ${relation.sql}`);
  return { rows: Number(counted?.count), records: ending(recordsOf(session, relation)) };
}

const recordsOf = (session: PostgresSession, relation: Relation): AsyncIterable<LoadRecord> =>
  relation.hasRecords ? allRecords(session, relation) : none();

async function* none(): AsyncGenerator<LoadRecord> {}
