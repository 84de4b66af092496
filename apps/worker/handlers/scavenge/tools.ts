import { stagedIn } from '../../../../shared/archive-sink/inbox.ts';
import type { ScavengeOptions, ScavengeReport } from '../../../../shared/archives/contract.ts';

/** What collects: as an argument, so that tests can let it fail. */
export type ScavengeTools = {
  /** As `scavenge` of shared/archives. */
  scavenge(
    options: ScavengeOptions,
  ): Promise<Pick<ScavengeReport, 'heldBy'> & { failures?: readonly { archive: string; error: Error }[] }>;
  /** As `stagedIn` of shared/archive-sink. */
  stagedIn(base: string): ReadonlySet<string>;
};

/** The scavenger itself. It is loaded with the first job. */
export const realTools: ScavengeTools = {
  stagedIn,
  async scavenge(options) {
    const { scavenge } = await import('../../../../shared/archives/scavenger/scavenge.ts');
    return await scavenge(options);
  },
};
