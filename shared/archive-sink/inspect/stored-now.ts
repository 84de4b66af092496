import { ArchiveSet } from '../../archives/volumes/archive-set.ts';
import { errnoOf, WharfingerError } from '../../errors.ts';
import { whyAway } from './why-away.ts';

/** Where a content stands in its archive at present. */
export type StoredNow =
  | { kind: 'member'; volume: string; storedAs: string }
  | { kind: 'nothing' }
  | { kind: 'unreadable'; why: string };

/** Of a file that was deposited. */
type Deposited = {
  base: string;
  /** Whether its base has a mark, without which it is not mounted. */
  marked: boolean;
  archive: string;
  member: string;
  sha256: Buffer;
};

/**
 * Looks a content up in its archive, by the directories and without reading it. What the state file says of volume and name is from when it was
 * first found: a member that a disk has spoiled is whole under another name once it was deposited again, and an archive may have been
 * begun anew.
 */
export function storedNow({ base, marked, archive, member, sha256 }: Deposited): StoredNow {
  const away = whyAway({ path: base, marked });
  if (away !== undefined) return { kind: 'unreadable', why: away };
  try {
    const set = ArchiveSet.open(base, archive);
    try {
      const found = set.find(member, sha256);
      if (found !== undefined) return { kind: 'member', ...found };
      const [bad] = set.faults;
      // It may be in there.
      return bad === undefined
        ? { kind: 'nothing' }
        : { kind: 'unreadable', why: `${bad.volume}: ${bad.detail}` };
    } finally {
      set.close();
    }
  } catch (error) {
    const isRefusal = error instanceof WharfingerError || errnoOf(error) !== undefined;
    if (!isRefusal || !(error instanceof Error)) throw error;
    return { kind: 'unreadable', why: error.message };
  }
}
