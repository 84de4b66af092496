/** What the tests use of two packages that have no types of their own. */
declare module 'better-queue-sqlite' {
  type Callback<T = void> = (error?: unknown, result?: T) => void;
  export default class SqliteStore {
    constructor(options: { path: string });
    /** node-sqlite3's connection, once connected. */
    _db: { serialize(): void };
    connect(callback: Callback<number>): void;
    getTask(taskId: string, callback: Callback<unknown>): void;
    putTask(taskId: string, task: unknown, priority: number | undefined, callback: Callback): void;
    deleteTask(taskId: string, callback: Callback): void;
    takeFirstN(limit: number, callback: Callback<string>): void;
    takeLastN(limit: number, callback: Callback<string>): void;
    getLock(lockId: string, callback: Callback<Record<string, unknown>>): void;
    getRunningTasks(callback: Callback<Record<string, Record<string, unknown>>>): void;
    releaseLock(lockId: string, callback: Callback): void;
    close(callback: Callback): void;
  }
}

declare module 'better-queue-store-test' {
  type Callback<T = void> = (error?: unknown, result?: T) => void;
  export function basic(
    name: string,
    options: { create(callback: Callback<unknown>): void; destroy(callback: Callback): void },
  ): void;
}
