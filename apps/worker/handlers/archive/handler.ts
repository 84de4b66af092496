import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import type { ProcessIdentity } from '../../../../shared/linux/process-identity.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import type { State } from '../../../../shared/state/open.ts';
import type { Delta } from '../../delta.ts';
import type { Handler } from '../../handler.ts';
import type { Archiver } from './archiver.ts';
import { type ArchiveTools, realTools } from './tools.ts';

export type ArchiveOptions = {
  state: State;
  logger: Logger;
  clock: Clock;
  random: () => number;
  crash: CrashPoints;
  identity: ProcessIdentity;
  /** Aborts at an ordered stop: what is not deposited yet is given back. */
  stopping: AbortSignal;
  /** Of a base that is away: the delay before the first retry, which doubles. */
  retryMs: number;
  onProgress(delta: Delta): void;
};

/** Small files of one claim, which share a staging archive: enough that its making and closing weigh little. */
const BATCH_SIZE = 512;

/** Large files at a time. */
const LARGE_DEPOSITS = 2;

/** The handler of deposits in archives. What writes zip files is loaded with the first of them. */
export function createArchiveHandler(options: ArchiveOptions, tools?: ArchiveTools): Handler {
  let loaded: Promise<Archiver> | undefined;
  const load = async () => new (await import('./archiver.ts')).Archiver(options, tools ?? realTools(options));
  return {
    kind: 'archive',
    lanes: {
      batch: { batchSize: BATCH_SIZE, concurrent: 1 },
      alone: { batchSize: 1, concurrent: LARGE_DEPOSITS },
    },
    async handle(jobs) {
      loaded ??= load();
      await (await loaded).handle(jobs);
    },
  };
}
