import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import type { State } from '../../../../shared/state/open.ts';
import type { Delta } from '../../delta.ts';
import type { Handler } from '../../handler.ts';

export type UploadOptions = {
  state: State;
  logger: Logger;
  clock: Clock;
  random: () => number;
  crash: CrashPoints;
  /** Aborts at an ordered stop: what is not sent yet is given back. */
  stopping: AbortSignal;
  /** Where credentials are searched for that no sink names. */
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  retryMs: number;
  maxRetries: number;
  onProgress(delta: Delta): void;
};

/** Small files of one claim: their records share transactions. */
const BATCH_SIZE = 256;

/** Large files at a time. Each holds some buffers of a part. */
const LARGE_TRANSFERS = 2;

/**
 * The handler of uploads. What speaks to object storage is loaded with the first of them: it takes a worker as long to load as all the rest, and
 * as much memory.
 */
export function createUploadHandler(options: UploadOptions): Handler {
  let loaded: Promise<Pick<Handler, 'handle'>> | undefined;
  const load = async () => new (await import('./upload.ts')).Upload(options);
  return {
    kind: 'upload',
    lanes: {
      batch: { batchSize: BATCH_SIZE, concurrent: 1 },
      alone: { batchSize: 1, concurrent: LARGE_TRANSFERS },
    },
    handle: async (jobs) => {
      loaded ??= load();
      await (await loaded).handle(jobs);
    },
  };
}
