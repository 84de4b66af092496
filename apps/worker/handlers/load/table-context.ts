import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';
import type { PieceLimits } from './begin.ts';
import type { Settled } from './settle.ts';
import type { LoadStore } from './store.ts';
import type { TableSink, TaskInHand } from './task-in-hand.ts';
import type { LoadTools, Sniffer } from './tools.ts';

/** What loading one table is done with. */
export type TableContext = {
  target: Target;
  sink: TableSink;
  store: LoadStore;
  tools: Pick<LoadTools, 'sniffDialect' | 'openCsv' | 'matchColumns' | 'isOpenForWriting'>;
  /** Opened at need. */
  sniffer(): Promise<Sniffer>;
  scratch: string;
  clock: Clock;
  crash: CrashPoints;
  signal: AbortSignal;
  limits: PieceLimits;
  onSettled(settled: Settled): void;
  /** Files of these tasks are left that cannot be loaded at this moment. */
  onLeft(tasks: readonly TaskInHand[], until: { reason: string; untilMs: number }): void;
};
