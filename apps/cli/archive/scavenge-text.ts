import type { ScavengeOutcome } from '../../../shared/archives/scavenger/scavenge.ts';
import { bytes, count, escapeControls, plural } from '../format/text.ts';

/** Whether there was anything that is worth a line. */
export const hasDone = ({ stagingArchives, quarantined, damaged, failures }: ScavengeOutcome): boolean =>
  stagingArchives + quarantined + damaged + failures.length > 0;

/** With the keys that the help names. */
export const outcomeJson = ({ failures, ...outcome }: ScavengeOutcome) => ({
  held_by: outcome.heldBy ?? null,
  staging_archives: outcome.stagingArchives,
  members: outcome.members,
  bytes: outcome.bytes,
  archives: outcome.archives,
  duplicates: outcome.duplicates,
  versions: outcome.versions,
  damaged: outcome.damaged,
  quarantined: outcome.quarantined,
  still_open: outcome.stillOpen,
  failed: failures.map(({ archive, error }) => ({ archive, reason: error.message })),
});

/** In one line, for people. */
export function outcomeText(outcome: ScavengeOutcome): string {
  if (outcome.heldBy !== undefined) return `nothing collected: ${escapeControls(outcome.heldBy)} is at it\n`;
  const {
    members,
    bytes: size,
    archives,
    duplicates,
    versions,
    damaged,
    quarantined,
    stillOpen,
    failures,
  } = outcome;
  const parts = [
    `${plural(members, 'file')} (${bytes(size)}) collected into ${plural(archives, 'archive')}`,
    ...(duplicates > 0 ? [`${count(duplicates)} there already`] : []),
    ...(versions > 0 ? [`${count(versions)} stored as another version`] : []),
    ...(damaged > 0 ? [`${plural(damaged, 'damaged staging archive')} (see inbox/damaged)`] : []),
    ...(quarantined > 0 ? [`${count(quarantined)} quarantined (see inbox/quarantine)`] : []),
    ...(failures.length > 0 ? [`${plural(failures.length, 'archive')} could not be written`] : []),
    ...(stillOpen > 0 ? [`${count(stillOpen)} still open`] : []),
  ];
  return `${parts.join(', ')}\n`;
}
