import type { Noted } from './journal.ts';
import { isVersionOf } from './version.ts';

/** A zip file as an independent reader found it. */
export type FoundArchive = { file: string; comment: string; members: FoundMember[] };

export type FoundMember = {
  name: string;
  sha256: string;
  sizeBytes: number;
  mode: number;
  mtimeSeconds: number | null;
};

/** What became of all deposits. Lists of what must not be; numbers of deposits and members. */
export type Reckoning = {
  begun: number;
  acknowledged: number;
  collected: number;
  versions: number;
  /** Acknowledged deposits beyond the first of the same name and content. */
  duplicates: number;
  lost: string[];
  doubled: string[];
  strange: string[];
};

/** Deposits of one name with one content: one member. */
type Meant = { deposits: Noted[]; mustBeThere: boolean; mayBeThere: boolean };

/**
 * Compares what the writers noted with what is in the archives.
 *
 * @param isThere whether a file that was to be picked up still lies where it was
 */
export function reckon(
  noted: readonly Noted[],
  found: readonly FoundArchive[],
  isThere: (source: string) => boolean,
): Reckoning {
  const meant = meantBy(noted, isThere);
  const members = found.flatMap((archive) => archive.members.map((member) => ({ archive, member })));
  const inArchive = Map.groupBy(members, ({ archive, member }) => keyOf(archiveOf(archive), member.sha256));
  const names = new Set(members.map(({ archive, member }) => keyOf(archiveOf(archive), member.name)));
  const claimed = new Set<FoundMember>();
  const reckoning: Reckoning = {
    begun: noted.length,
    acknowledged: noted.filter(({ isAcknowledged }) => isAcknowledged).length,
    collected: members.length,
    versions: 0,
    duplicates: 0,
    lost: [],
    doubled: [],
    strange: namesTwice(found),
  };
  for (const [{ deposits, mustBeThere, mayBeThere }, { archive, member, sha256 }] of meant) {
    const candidates = inArchive.get(keyOf(archive, sha256)) ?? [];
    const its = candidates.filter(
      ({ member: { name } }) => name === member || isVersionOf(name, member, sha256),
    );
    const text = `${JSON.stringify(`${archive}/${member}`)} ${sha256} (${deposits[0]?.journal})`;
    const where = its.map(({ archive: { file }, member: { name } }) => JSON.stringify(`${file}/${name}`));
    if (mustBeThere && its.length === 0) reckoning.lost.push(text);
    if (its.length > 1) reckoning.doubled.push(`${text}: ${where.join(', ')}`);
    if (!mayBeThere && its.length > 0) reckoning.strange.push(`thrown away, but there: ${text}`);
    for (const one of its) {
      claimed.add(one.member);
      if (one.member.name !== member) {
        reckoning.versions += 1;
        if (!names.has(keyOf(archive, member))) reckoning.strange.push(`a version of nothing: ${text}`);
      }
      if (!hasFactsOf(one.member, deposits))
        reckoning.strange.push(`mode or time is another: ${text}, ${JSON.stringify(one.member)}`);
    }
    const acknowledged = deposits.filter(({ isAcknowledged }) => isAcknowledged).length;
    reckoning.duplicates += Math.max(0, acknowledged - 1);
  }
  for (const { archive, member } of members)
    if (!claimed.has(member))
      reckoning.strange.push(
        `never deposited: ${JSON.stringify(`${archive.file}/${member.name}`)} ${member.sha256}`,
      );
  for (const { source, isAcknowledged, member } of noted)
    if (source !== undefined && isAcknowledged && isThere(source))
      reckoning.strange.push(`picked up, but not removed: ${source} of ${JSON.stringify(member)}`);
  return reckoning;
}

type Identity = { archive: string; member: string; sha256: string };

function meantBy(noted: readonly Noted[], isThere: (source: string) => boolean): [Meant, Identity][] {
  const groups = Map.groupBy(noted, ({ archive, member, sha256 }) =>
    JSON.stringify([archive, member, sha256]),
  );
  return [...groups.values()].flatMap((deposits) => {
    const [first] = deposits;
    if (first === undefined) return [];
    // A source that is gone was removed since its deposit was durable, also where its writer died before it could note that.
    const mustBeThere = deposits.some(
      ({ isAcknowledged, source }) => isAcknowledged || (source !== undefined && !isThere(source)),
    );
    const mayBeThere = deposits.some(({ isThrownAway }) => isThrownAway !== true);
    return [[{ deposits, mustBeThere, mayBeThere }, first]];
  });
}

const keyOf = (archive: string, of: string): string => `${archive}/${of}`;

/** The archive that a volume belongs to: its comment says which, beside it; without such a comment it is the archive itself. */
function archiveOf({ file, comment }: FoundArchive): string {
  const [, of] = /^Wharfinger: volume [0-9]+ of (.+)$/s.exec(comment) ?? [];
  return of === undefined ? file : file.slice(0, file.lastIndexOf('/') + 1) + of;
}

/** Names that are twice in one archive. */
function namesTwice(found: readonly FoundArchive[]): string[] {
  const strange: string[] = [];
  for (const volumes of Map.groupBy(found, archiveOf).values()) {
    const names = volumes.flatMap(({ members }) => members.map(({ name }) => name));
    const once = new Set(names);
    if (once.size === names.length) continue;
    const twice = names.filter((name) => !once.delete(name));
    strange.push(...twice.map((name) => `twice in ${volumes[0]?.file}: ${JSON.stringify(name)}`));
  }
  return strange;
}

const hasFactsOf = ({ mode, mtimeSeconds, sizeBytes }: FoundMember, deposits: readonly Noted[]): boolean =>
  deposits.some(
    (deposit) =>
      deposit.mode === mode &&
      deposit.sizeBytes === sizeBytes &&
      Math.floor(deposit.mtimeMs / 1000) === mtimeSeconds,
  );
