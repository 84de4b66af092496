import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { failureOf } from './failure.ts';

export type DuckOptions = {
  /** ':memory:' or a file, which is made where it is not there. */
  path: string;
  threads: number;
  memoryMiB: number;
  /** A directory, made where it is not there, for what does not fit into memory. */
  scratch: string;
};

export type Duck = {
  connection: DuckDBConnection;
  /** Idempotent. Of a file: writes its log into it, and gives it free. */
  close(): void;
};

/**
 * Opens a database of DuckDB in this process. A file is this process's alone until it is closed. Extensions are neither fetched nor
 * loaded, so that no network is ever used, and times of day without a zone are UTC.
 *
 * @throws TargetError `busy` where another process has the file open; `refused` where it is no database that this version reads, or its
 * path will not do; `away` where its disk is full or fails
 */
export async function openDuckDB(options: DuckOptions): Promise<Duck> {
  let instance: DuckDBInstance | undefined;
  try {
    instance = await DuckDBInstance.create(options.path, settingsOf(options));
    const connection = await instance.connect();
    // A checkpoint after each load would write a table's last rows anew each time; closing makes one.
    await connection.run(
      "SET enable_progress_bar = false; SET TimeZone = 'UTC'; SET checkpoint_threshold = '1GiB'",
    );
    return duckOf(instance, connection);
  } catch (error) {
    instance?.closeSync();
    throw failureOf(error, options.path);
  }
}

const settingsOf = ({ threads, memoryMiB, scratch }: DuckOptions): Record<string, string> => ({
  threads: String(threads),
  memory_limit: `${memoryMiB}MiB`,
  temp_directory: scratch,
  preserve_insertion_order: 'true',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
});

function duckOf(instance: DuckDBInstance, connection: DuckDBConnection): Duck {
  let isOpen = true;
  return {
    connection,
    close() {
      if (!isOpen) return;
      isOpen = false;
      connection.closeSync();
      instance.closeSync();
    },
  };
}
