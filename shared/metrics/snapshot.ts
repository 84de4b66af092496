import type { QueueStats } from '../queue/inspect/stats.ts';
import type { ProcessUsage } from './process-usage.ts';

/** All that the metrics tell, at one moment. */
export type MetricsSnapshot = {
  /** Undefined where the state file could not be read. */
  stats: QueueStats | undefined;
  processes: readonly ProcessUsage[];
  workerRestarts: number;
};
