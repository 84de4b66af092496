import BetterQueue from 'better-queue';
import SqliteStore from 'better-queue-sqlite';
import Database from 'better-sqlite3';
import { ASK_AGAIN_MS, type OnSettled, type QueueOrder } from './queue-order.ts';

export async function fillBetterQueueSqlite(path: string, jobs: number): Promise<void> {
  const store = new SqliteStore({ path });
  await new Promise<void>((resolve, reject) =>
    store.connect((error) => (error === null || error === undefined ? resolve() : reject(error))),
  );
  // By SQL: with its own put, which acknowledges before it has written, nobody could tell when they are there.
  const file = new Database(path);
  const insert = file.prepare("INSERT INTO task (id, task, priority, lock) VALUES (?, ?, 0, '')");
  file.transaction(() => {
    for (let n = 0; n < jobs; n++) insert.run(`job-${n}`, JSON.stringify({ id: `job-${n}` }));
  })();
  file.close();
}

export function leftOfBetterQueueSqlite(path: string): number {
  const file = new Database(path, { readonly: true });
  const left = Number(file.prepare('SELECT count(*) FROM task').pluck().get());
  file.close();
  return left;
}

/** node-sqlite3's connection, which the store makes when it connects. */
type Connection = { exec(sql: string, done: (error: unknown) => void): void };

/** The published store, made as durable as ours after it has made itself fast. */
class DurableSqliteStore extends SqliteStore {
  override connect(callback: (error?: unknown, length?: number) => void): void {
    super.connect((error, length) => {
      const connection = this._db as unknown as Connection;
      const pragmas = 'PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL';
      connection.exec(pragmas, (refusal) => callback(error ?? refusal, length));
    });
  }
}

/** The published store as its README shows it, with the durability it sets itself, `synchronous=OFF`, or with ours. */
export function drainBetterQueueSqlite({ path, batch, durable }: QueueOrder, onSettled: OnSettled): void {
  const work = (tasks: unknown, done: () => void): void => {
    done();
    onSettled([tasks].flat().length);
  };
  const queue = new BetterQueue<unknown>(work, {
    store: new (durable ? DurableSqliteStore : SqliteStore)({ path }),
    batchSize: batch,
    concurrent: 1,
  });
  setInterval(() => queue.resume(), ASK_AGAIN_MS);
}
