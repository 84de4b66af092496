import type { Clock } from '../clock.ts';
import type { ProcessIdentity } from '../linux/process-identity.ts';

/** Where a deposit goes: `archive` below the base, ends in `.zip`; `member` in it. Both judged, UTF-8, with `/` between parts. */
export type ArchivePath = { archive: string; member: string };

/** How the bytes of a member stand in a zip file, by the numbers of the format. */
export const METHODS = { store: 0, deflate: 8 } as const;
export type Method = (typeof METHODS)[keyof typeof METHODS];

/** What a zip file says of one member. */
export type MemberFacts = {
  name: string;
  method: Method;
  crc32: number;
  /** As it was, and as it stands in the file. */
  sizeBytes: number;
  packedBytes: number;
  /** Milliseconds since 1970. */
  mtimeMs: number;
  /** With the type of the file: 0o100644. */
  mode: number;
  sha256: Buffer;
};

/** A member that is whole in a staging archive. */
export type StagedMember = MemberFacts & {
  to: ArchivePath;
  /** Where its packed bytes begin in the staging archive. */
  dataOffset: number;
};

/** Whose a staging archive is, from its name: see docs/archives.md. */
export type StagingName = {
  host: string;
  /** Eight hex digits: of boot and process name space. */
  identity: string;
  pid: number;
  pidStart: string;
  /** Sixteen hex digits. */
  random: string;
  state: 'open' | 'closed' | 'taken';
  /** Of an open one: how many groups of deposits were acknowledged, or beats made. */
  turn: number;
};

export type Compression = 'deflate' | 'store';

/** What is worth saying while archives are written and collected. */
export type ArchiveEvent =
  | { event: 'archive.published'; archive: string; volume: string; members: number; bytes: number }
  | { event: 'archive.version'; archive: string; member: string; storedAs: string }
  | { event: 'archive.damaged'; file: string; detail: string }
  | { event: 'archive.quarantined'; file: string; detail: string }
  | { event: 'archive.bad_volume'; volume: string; detail: string }
  | { event: 'archive.taken'; file: string; detail: string };

/** Every place where a crash test of archives may strike. What is found after each stands in docs/archives.md. */
export const ARCHIVE_CRASH_POINTS = [
  'staging.created',
  'staging.written',
  'staging.durable',
  'staging.acknowledged',
  'staging.directory-written',
  'staging.closed',
  'scavenge.leased',
  'scavenge.fenced',
  'scavenge.taken',
  'scavenge.written',
  'scavenge.before-rename',
  'scavenge.renamed',
  'scavenge.published',
  'scavenge.indexed',
  'scavenge.removed',
  'archive.claimed',
  'archive.deposited',
  'archive.settled',
  'archive.confirmed',
  'archive.released',
] as const;
export type ArchiveCrashPoint = (typeof ARCHIVE_CRASH_POINTS)[number];
export type ArchiveCrashPoints = { reach(point: ArchiveCrashPoint): void };
export const noArchiveCrashPoints: ArchiveCrashPoints = { reach: () => undefined };

export type ScavengeOptions = {
  /** Absolute. */
  base: string;
  identity: ProcessIdentity;
  /** How often writers begin a new staging archive: one of another host is silent after two rotations. */
  rotateMs: number;
  /** Take what other hosts left open as soon as it has been silent for 30 s. */
  flush: boolean;
  /** A volume of this size is full. */
  volumeBytes: number;
  clock: Clock;
  random: () => number;
  crash: ArchiveCrashPoints;
  /** Aborts: the round in hand is finished or given up, nothing is half done. */
  signal: AbortSignal;
  onEvent(event: ArchiveEvent): void;
};

export type ScavengeReport = {
  /** Who has the lease, where it was not ours to collect; all else is 0 then. */
  heldBy: string | undefined;
  stagingArchives: number;
  members: number;
  bytes: number;
  duplicates: number;
  /** Stored under another name, since theirs had another content. */
  versions: number;
  damaged: number;
  quarantined: number;
  /** Open ones that were left to their writers. */
  stillOpen: number;
  archives: number;
};

/** Defaults, in the units of their names. */
export const ROTATE_MS = 300_000;
export const VOLUME_BYTES = 64 * 1024 ** 2;
export const SPILL_BYTES = 1024 ** 2;
