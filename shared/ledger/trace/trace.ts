import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { ArchiveBases } from '../../archive-sink/bases.ts';
import { membersAt } from '../../archive-sink/inspect/members-at.ts';
import { DepositFinder, type TracedDeposit } from '../../archive-sink/inspect/traced-deposits.ts';
import { errnoOf } from '../../errors.ts';
import { type BytePath, toBytes } from '../../fs/byte-path.ts';
import { hashLarge } from '../../fs/hash-file.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import { findCandidate, findJobs, type ListedCandidate, type ListedJob } from '../../queue/inspect/list.ts';
import type { State } from '../../state/open.ts';
import { LoadFinder, type TracedLoad } from '../../tables/inspect/traced-loads.ts';
import { type Stay, StayFinder } from '../../uploads/inspect/stays.ts';
import { RowFinder, type TracedDuplicate, type TracedRow } from './find-rows.ts';
import { findInManifests, type ManifestPlace } from './manifest-place.ts';
import type { Subject } from './subject.ts';

/** What lies at a path now. */
export type Found =
  | { kind: 'file'; sizeBytes: number; sha256: string | undefined }
  | { kind: 'directory' | 'other' | 'nothing' }
  | { kind: 'unreadable'; why: string };

/** One content in custody, with all that belongs to it. */
export type Custody = {
  row: TracedRow;
  /** What lies at its destination now. */
  now: Found;
  manifest: ManifestPlace | undefined;
  duplicates: TracedDuplicate[];
  /** Its ways to object storage. */
  uploads: Stay[];
  /** Its ways into tables. */
  loads: TracedLoad[];
  /** Its ways into archives. */
  archives: TracedDeposit[];
};

export type Trace = {
  /** What lies at the path that was asked about; undefined for a SHA-256, and for a member of an archive. */
  found: Found | undefined;
  candidate: ListedCandidate | undefined;
  jobs: ListedJob[];
  custody: Custody[];
  /** Of files that were uploaded without custody. */
  uploads: Stay[];
  /** Of files of a store, which are loaded without custody. */
  loads: TracedLoad[];
};

/**
 * Everything that is known of one file, read only. A path is looked up by its name, also as that of a member of an archive, and the file that is
 * there by its content, so that a file is found under any of its names. Reads the whole file, and the whole ledger for a path.
 */
export async function trace(state: State, subject: Subject): Promise<Trace> {
  const finder = new RowFinder(state);
  const stays = new StayFinder(state);
  const tables = new LoadFinder(state);
  const deposits = new DepositFinder(state);
  const custodyOf = (rows: readonly TracedRow[]): Custody[] =>
    unique(rows).map((row) => ({
      row,
      now: lookAt(row.destination),
      manifest: row.state === 'committed' ? findInManifests(state, row) : undefined,
      duplicates: finder.duplicatesOf(row.id),
      uploads: stays.ofLedger(row.id),
      loads: tables.ofLedger(row.id),
      archives: deposits.ofLedger(row.id),
    }));
  if ('sha256' in subject) {
    const custody = custodyOf(finder.byContent(subject.sha256));
    const uploads = withoutCustody(stays.byContent(subject.sha256), custody);
    const loads = tables.byContent(subject.sha256);
    return { found: undefined, candidate: undefined, jobs: [], custody, uploads, loads };
  }
  const { path } = subject;
  const found = await readAt(path);
  const archived = membersAt(new ArchiveBases(state).all(), subject)
    .flatMap(({ baseId, to }) => deposits.ledgerIdsOf(baseId, to))
    .flatMap((ledgerId) => finder.byId(ledgerId) ?? []);
  const sha256 = found.kind === 'file' ? found.sha256 : undefined;
  const repeated = finder.duplicatesByPath(path).flatMap(({ ledgerId }) => finder.byId(ledgerId) ?? []);
  const sameContent = sha256 === undefined ? [] : finder.byContent(sha256);
  const custody = custodyOf([...finder.byPath(path), ...repeated, ...sameContent, ...archived]);
  const uploads = withoutCustody(stays.byPath(path), custody);
  const loads = tables.byPath(path).filter(({ ledgerId }) => ledgerId === undefined);
  return {
    found: found.kind === 'nothing' && archived.length > 0 ? undefined : found,
    candidate: findCandidate(state, path),
    jobs: findJobs(state, path),
    custody,
    uploads,
    loads,
  };
}

/** Those that are not told with the row that they belong to. */
const withoutCustody = (uploads: readonly Stay[], custody: readonly Custody[]): Stay[] =>
  uploads.filter(({ id }) => !custody.some((row) => row.uploads.some((told) => told.id === id)));

export const isKnown = ({ candidate, jobs, custody, uploads, loads }: Trace): boolean =>
  candidate !== undefined || jobs.length + custody.length + uploads.length + loads.length > 0;

/** What lies at a path, without reading it. */
export function lookAt(path: BytePath): Found {
  try {
    const found = lstatIfThere(path);
    if (found === undefined) return { kind: 'nothing' };
    if (found.isFile()) return { kind: 'file', sizeBytes: Number(found.size), sha256: undefined };
    return { kind: found.isDirectory() ? 'directory' : 'other' };
  } catch (error) {
    return unreadable(error);
  }
}

async function readAt(path: BytePath): Promise<Found> {
  const found = lookAt(path);
  if (found.kind !== 'file') return found;
  try {
    const fd = openSync(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!fstatSync(fd).isFile()) return { kind: 'other' };
      const { sha256, bytes } = await hashLarge(fd, { signal: NEVER });
      return { kind: 'file', sizeBytes: bytes, sha256: sha256.toString('hex') };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return unreadable(error);
  }
}

/** Whoever waits for an answer interrupts the program. */
const NEVER = new AbortController().signal;

function unreadable(error: unknown): Found {
  if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
  return { kind: 'unreadable', why: error.message };
}

const unique = (rows: readonly TracedRow[]): TracedRow[] =>
  [...new Map(rows.map((row) => [row.id, row])).values()].sort((a, b) => a.id - b.id);
