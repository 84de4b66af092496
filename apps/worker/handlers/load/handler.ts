import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { openFilesLimit } from '../../../../shared/linux/open-files-limit.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import type { State } from '../../../../shared/state/open.ts';
import { Gatherer } from '../../../../shared/tables/gather.ts';
import { UnsaidFailures } from '../../../../shared/tables/unsaid-failures.ts';
import type { Delta } from '../../delta.ts';
import type { Handler } from '../../handler.ts';
import { batchSizeWithin } from '../ingest/handler.ts';
import type { Loader } from './loader.ts';
import { LoadStore } from './store.ts';
import type { LoadTools } from './tools.ts';

export type LoadOptions = {
  state: State;
  logger: Logger;
  clock: Clock;
  random: () => number;
  crash: CrashPoints;
  /** Aborts at an ordered stop: what is not loaded yet is given back. */
  stopping: AbortSignal;
  /** Where the password of a database is searched for. */
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Of a target that is away: the delay before the first retry, which doubles, and how many there are. */
  retryMs: number;
  maxRetries: number;
  /** Processors that a load may use. */
  threads: number;
  onProgress(delta: Delta): void;
};

/** Tasks of one claim, after which a target is closed: few enough that another worker has some to do. */
const BATCH_SIZE = 50;

/** Files of one load. While it runs, as many are read for the next. */
const MOST_FILES = 1000;
const LEAST_FILES = 16;
/** Open beside those of a load and of a batch of ingest: the state file, pipes, libraries, what uploads have open. */
const OTHER_OPEN_FILES = 256;

/** How often it is looked for jobs that failed by the death of their workers. */
const TIDY_MS = 1_000;

/** Each file of a load is held open, beside those that are taken into custody meanwhile. */
export const filesWithin = (openFiles: number): number =>
  Math.max(
    LEAST_FILES,
    Math.min(MOST_FILES, Math.floor((openFiles - batchSizeWithin(openFiles) - OTHER_OPEN_FILES) / 2)),
  );

/**
 * The handler of loads. What reads and writes tables is loaded with the first of them: it takes a worker as long to load as all the rest,
 * and more memory.
 */
export function createLoadHandler(options: LoadOptions, tools?: LoadTools): Handler {
  const { state, clock, logger } = options;
  const gatherer = new Gatherer(state);
  const failures = new UnsaidFailures(state);
  let takesFromMs = Number.NEGATIVE_INFINITY;
  let tidiedMs = Number.NEGATIVE_INFINITY;
  let loaded: Promise<Loader> | undefined;
  const make = async (): Promise<Loader> =>
    new (await import('./loader.ts')).Loader({
      ...options,
      store: new LoadStore(state),
      tools: tools ?? (await import('./real-tools.ts')).realTools(options),
      mostFiles: filesWithin(openFilesLimit().soft),
      onBusy: (untilMs) => {
        takesFromMs = untilMs;
      },
    });
  const loader = (): Promise<Loader> => {
    loaded ??= make();
    return loaded;
  };
  return {
    kind: 'load',
    lanes: {
      batch: { batchSize: BATCH_SIZE, concurrent: 1 },
      alone: { batchSize: 1, concurrent: 1 },
    },
    handle: async (jobs) => await (await loader()).handle(jobs),
    mayTake: () => clock.monotonicMs() >= takesFromMs,
    drain() {
      failures.say(clock.nowMs());
      return gatherer.closeAll(clock.nowMs()) > 0;
    },
    tidy() {
      const nowMs = clock.monotonicMs();
      if (nowMs - tidiedMs < TIDY_MS) return;
      tidiedMs = nowMs;
      try {
        failures.say(clock.nowMs());
      } catch (error) {
        logger.debug({ event: 'state.refused', err: error });
      }
    },
  };
}
