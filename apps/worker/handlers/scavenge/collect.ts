import { type ArchiveEvent, ROTATE_MS } from '../../../../shared/archives/contract.ts';
import { LeaseLostError } from '../../../../shared/errors.ts';
import type { ProcessIdentity } from '../../../../shared/linux/process-identity.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import type { BaseInHand } from './base-in-hand.ts';
import type { ScavengeTools } from './tools.ts';

export type CollectOptions = {
  volumeBytes: number;
  identity: ProcessIdentity;
  random: () => number;
  tools: ScavengeTools;
};

/** Why not all that is staged was collected, where that is so. */
export type Collected = {
  /** Who is at it already, where it is not ours to collect. */
  heldBy?: string | undefined;
  /** What stood in the way of an archive. */
  failure?: string | undefined;
};

/**
 * Collects what is staged in a base, all of it, whoever deposited it.
 *
 * @throws as `scavenge`
 */
export async function collect(
  { base, clock, crash, logger, signal }: BaseInHand,
  { tools, ...options }: CollectOptions,
): Promise<Collected> {
  try {
    const { heldBy, failures = [] } = await tools.scavenge({
      ...options,
      base: base.path,
      rotateMs: ROTATE_MS,
      flush: false,
      clock,
      crash,
      signal,
      onEvent: (event) => log(event, base.path, logger),
    });
    const [first] = failures;
    return { heldBy, failure: first && `${first.archive}: ${first.error.message}` };
  } catch (error) {
    // Of the base, and not of the job: somebody else has gone on with it.
    if (error instanceof LeaseLostError) return { heldBy: 'somebody who has taken it over' };
    throw error;
  }
}

const LEVELS = {
  'archive.published': 'info',
  'archive.version': 'warn',
  'archive.damaged': 'warn',
  'archive.quarantined': 'warn',
  'archive.bad_volume': 'error',
  'archive.taken': 'info',
} as const satisfies Record<ArchiveEvent['event'], string>;

function log({ event, ...fields }: ArchiveEvent, base: string, logger: Logger): void {
  const { storedAs, ...others } = { storedAs: undefined, ...fields };
  logger[LEVELS[event]]({
    event,
    base,
    ...others,
    ...(storedAs === undefined ? {} : { stored_as: storedAs }),
  });
}
