import type { CrashPoints } from '../../../../shared/crash-points.ts';
import type { Directories } from '../../directories.ts';
import type { Fence } from '../../fence.ts';
import type { IngestStore } from './store.ts';

/** What placing needs beside the file. */
export type PlaceContext = {
  store: IngestStore;
  directories: Directories;
  fence: Fence;
  crash: CrashPoints;
  /** Aborts a long copy at an ordered stop or when the lease is lost. */
  signal: AbortSignal;
};
