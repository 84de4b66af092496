import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { openFilesLimit } from '../../../../shared/linux/open-files-limit.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import type { State } from '../../../../shared/state/open.ts';
import { Objects } from '../../../../shared/uploads/objects.ts';
import type { Delta } from '../../delta.ts';
import type { Handler } from '../../handler.ts';
import { Tidying } from './tidying.ts';
import type { Upload } from './upload.ts';

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
  /** How long a stay that is over is on record, where nothing needs it. */
  keepRecordsDays?: number | undefined;
  /** How long the files of a batch wait for the answer whether their bucket is there. */
  patienceMs?: number | undefined;
  onProgress(delta: Delta): void;
};

/** Small files of one claim: their records share transactions. */
const BATCH_SIZE = 256;

/** While the last files of one claim are on their way, those of the next go with them. */
const CLAIMS = 2;

/** Each file of a claim is held open; of what may be open that is little, since other kinds of job reckon with a few hundred for uploads. */
export const claimWithin = (openFiles: number): number =>
  Math.max(1, Math.min(BATCH_SIZE, Math.floor(openFiles / 32)));

/** How often it is looked for what was left on servers. */
const TIDY_MS = 60_000;

/** Large files at a time. Each holds some buffers of a part. */
const LARGE_TRANSFERS = 2;

/**
 * The handler of uploads. What speaks to object storage is loaded with the first of them: it takes a worker as long to load as all the rest, and
 * as much memory.
 */
export function createUploadHandler(options: UploadOptions): Handler {
  const { state, clock, stopping } = options;
  let loaded: Promise<Upload> | undefined;
  let running: Upload | undefined;
  const load = async () => {
    running = new (await import('./upload.ts')).Upload(options);
    return running;
  };
  const upload = (): Promise<Upload> => {
    loaded ??= load();
    return loaded;
  };
  const objects = new Objects(state);
  const tidying = new Tidying(options);
  let tidiedMs = clock.monotonicMs();
  return {
    kind: 'upload',
    lanes: {
      batch: { batchSize: claimWithin(openFilesLimit().soft), concurrent: CLAIMS },
      alone: { batchSize: 1, concurrent: LARGE_TRANSFERS },
    },
    handle: async (jobs) => await (await upload()).handle(jobs),
    drain() {
      const isFailureSaid = tidying.sayFailures();
      return isFailureSaid || running?.isAsking === true;
    },
    tidy() {
      const nowMs = clock.monotonicMs();
      if (stopping.aborted) return;
      tidying.now();
      if (nowMs - tidiedMs < TIDY_MS) return;
      tidiedMs = nowMs;
      if (objects.abandoned(1).length > 0) void upload().then((handler) => handler.tidy());
    },
  };
}
