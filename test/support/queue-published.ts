import SqliteStore from 'better-queue-sqlite';
import { answer } from './queue-store.ts';

/**
 * better-queue-sqlite with a connection that runs one statement after the other. By itself it lets them overtake each other: a take may
 * miss a task whose put was acknowledged before it, so that one run in five fails its own contract suite.
 */
export class OrderedSqliteStore extends SqliteStore {
  override connect(callback: (error?: unknown, length?: number) => void): void {
    super.connect((error, length) => {
      this._db.serialize();
      callback(error, length);
    });
  }
}

export async function publishedStore(path: string): Promise<SqliteStore> {
  const store = new OrderedSqliteStore({ path });
  await answer<number>((cb) => store.connect(cb));
  return store;
}
