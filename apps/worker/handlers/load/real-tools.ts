import { openWriterOf } from '../../../../shared/fs/writer-of.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import { openCsv } from '../../../../shared/tables/csv/open-csv.ts';
import { inferAdded, inferSchema, sniffDialect } from '../../../../shared/tables/engine/infer.ts';
import { openDuckDB } from '../../../../shared/tables/engine/instance.ts';
import { matchColumns } from '../../../../shared/tables/engine/match.ts';
import { LoadedContents } from '../../../../shared/tables/loaded-contents.ts';
import type { LoadOptions } from './handler.ts';
import type { LoadTools } from './tools.ts';

/** What DuckDB may use of one load; beyond it, it writes to the scratch directory. With 256 it does so all the time, and takes twice as long. */
const MEMORY_MIB = 384;
/** More threads want more memory, and read no faster than the target writes. */
const MOST_THREADS = 4;
/** To look at one file. */
const SNIFFER = { path: ':memory:', threads: 1, memoryMiB: 256 };

/** DuckDB's reader, and the three targets. A target is loaded with the first load into one of its sort. */
export function realTools(options: LoadOptions): LoadTools {
  const { state, clock, crash, env, home } = options;
  const threads = Math.min(options.threads, MOST_THREADS);
  return {
    sniffDialect,
    openCsv,
    matchColumns,
    isOpenForWriting: (path) => openWriterOf(path, { hasOpenWriter }) === 'yes',
    async openTarget(target, scratch) {
      const common = { scratch, threads, memoryMiB: MEMORY_MIB, clock, crash };
      switch (target.is) {
        case 'duckdb': {
          const { openDuckDBTarget } = await import('../../../../shared/tables/targets/duckdb.ts');
          return await openDuckDBTarget({
            ...common,
            path: target.path,
            expectsFile: new LoadedContents(state).hasAnyIn(target),
          });
        }
        case 'postgres': {
          const { openPostgresTarget } = await import('../../../../shared/tables/targets/postgres.ts');
          return await openPostgresTarget({ ...common, url: target.url, env, home });
        }
        case 'parquet': {
          const { openParquetTarget } = await import('../../../../shared/tables/targets/parquet.ts');
          return await openParquetTarget({ ...common, directory: target.directory, state });
        }
      }
    },
    async openSniffer(scratch) {
      const duck = await openDuckDB({ ...SNIFFER, scratch });
      return {
        schemaOf: (csv, declared, fileId) =>
          inferSchema(duck.connection, csv, declared, fileId, options.stopping),
        added: (csv, match, schema) => inferAdded(duck.connection, csv, match, schema, options.stopping),
        close: () => duck.close(),
      };
    },
  };
}
