import type { LoadTarget } from '../../config/settings.ts';
import type { State } from '../../state/open.ts';
import type { Target } from '../targets/target.ts';

export type ReadOptions = {
  state: State;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** A directory for what does not fit into memory. */
  scratch: string;
};

const THREADS = 2;
const MEMORY_MIB = 256;

/** Opens a target to look at it: nothing is made, and nothing is loaded through it. What speaks to it takes long to load. Throws TargetError. */
export async function openToRead(target: LoadTarget, options: ReadOptions): Promise<Target> {
  const { state, env, home, scratch } = options;
  const common = { scratch, threads: THREADS, memoryMiB: MEMORY_MIB };
  switch (target.is) {
    case 'duckdb': {
      const { openDuckDBTarget } = await import('../targets/duckdb.ts');
      return await openDuckDBTarget({ ...common, path: target.path, access: 'read' });
    }
    case 'postgres': {
      const { openPostgresTarget } = await import('../targets/postgres.ts');
      return await openPostgresTarget({ ...common, url: target.url, env, home });
    }
    case 'parquet': {
      const { openParquetTarget } = await import('../targets/parquet.ts');
      return await openParquetTarget({ ...common, directory: target.directory, state });
    }
  }
}
