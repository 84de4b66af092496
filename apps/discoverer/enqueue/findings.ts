import type { BytePath } from '../../../shared/fs/byte-path.ts';
import type { Sighting } from '../../../shared/queue/candidates.ts';
import type { CompleteFile } from '../../../shared/queue/file-jobs.ts';

/** What came out of looking at a name. `wasCandidate`: its row among the candidates has to go. */
export type Verdict =
  | { is: 'complete'; file: CompleteFile; wasCandidate: boolean }
  | { is: 'incomplete'; sighting: Sighting }
  /** Not complete either, and remembered as it is. */
  | { is: 'waiting' }
  /** Its job waits, or has failed with this very file; or it was left in place as a duplicate. */
  | { is: 'settled'; wasCandidate: boolean }
  /** A worker has its job in hand, and perhaps moved its file already: then this is another one. */
  | { is: 'in hand'; wasCandidate: boolean }
  | { is: 'gone'; wasCandidate: boolean }
  | { is: 'excluded'; wasCandidate: boolean }
  /** It could not even be looked at. */
  | { is: 'unreadable'; error: unknown };

/** Verdicts that change what is written in the state file, until they are. */
export class Findings {
  readonly files: CompleteFile[] = [];
  readonly sightings: Sighting[] = [];
  /** Candidates that are none any more. */
  readonly removals: BytePath[] = [];

  get size(): number {
    return this.files.length + this.sightings.length + this.removals.length;
  }

  add(path: BytePath, verdict: Verdict): void {
    if (verdict.is === 'complete') this.files.push(verdict.file);
    if (verdict.is === 'incomplete') this.sightings.push(verdict.sighting);
    else if ('wasCandidate' in verdict && verdict.wasCandidate) this.removals.push(path);
  }
}
