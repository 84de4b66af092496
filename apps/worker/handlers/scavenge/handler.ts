import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import type { ProcessIdentity } from '../../../../shared/linux/process-identity.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import type { State } from '../../../../shared/state/open.ts';
import type { Delta } from '../../delta.ts';
import type { Handler } from '../../handler.ts';
import { DueBases } from './due-bases.ts';
import type { Scavenging } from './scavenging.ts';
import { realTools, type ScavengeTools } from './tools.ts';

export type ScavengeHandlerOptions = {
  state: State;
  logger: Logger;
  clock: Clock;
  random: () => number;
  crash: CrashPoints;
  identity: ProcessIdentity;
  /** Aborts at an ordered stop: the job is given back. */
  stopping: AbortSignal;
  /** Of a base that is away: the delay before the first retry, which doubles. */
  retryMs: number;
  onProgress(delta: Delta): void;
};

/** How often it is looked for bases whose job somebody dropped. */
const TIDY_MS = 60_000;

/** The handler of bases of archives: collects them, confirms what was deposited, releases what is confirmed. Loaded with the first job. */
export function createScavengeHandler(
  options: ScavengeHandlerOptions,
  tools: ScavengeTools = realTools,
): Handler {
  const { state, clock, logger } = options;
  const due = new DueBases(state);
  let tidiedMs = Number.NEGATIVE_INFINITY;
  let loaded: Promise<Scavenging> | undefined;
  const load = async () => new (await import('./scavenging.ts')).Scavenging(options, tools);
  return {
    kind: 'scavenge',
    lanes: { batch: { batchSize: 1, concurrent: 1 }, alone: { batchSize: 1, concurrent: 1 } },
    async handle(jobs) {
      loaded ??= load();
      await (await loaded).handle(jobs);
    },
    drain: () => due.drain(clock.nowMs()),
    tidy() {
      const nowMs = clock.monotonicMs();
      if (nowMs - tidiedMs < TIDY_MS) return;
      tidiedMs = nowMs;
      try {
        due.addMissing(clock.nowMs());
      } catch (error) {
        logger.debug({ event: 'state.refused', err: error });
      }
    },
  };
}
