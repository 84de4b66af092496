import {
  type DirectoryEntry,
  dataOffsetOf,
  readEntryAt,
} from '../../../shared/archives/zip/read-directory.ts';
import { unreadable } from '../../../shared/archives/zip/read-local-header.ts';
import { contentHash } from '../../../shared/archives/zip/read-member.ts';
import { ZipFault } from '../../../shared/archives/zip/zip-fault.ts';
import { eachVolume, entriesOf, type OpenVolume, type Seen } from './volumes.ts';

export type TestReport = {
  /** @param member undefined where it is of the whole file */
  fault(path: string, member: string | undefined, detail: string): void;
  /** What cannot be looked at. */
  untested(path: string, member: string, detail: string): void;
  tested(bytes: number): void;
};

/**
 * Reads all of an archive and its volumes: each member's CRC, its SHA-256 where the archive says one, its local header against the
 * directory, and that no two members share bytes. Bounded memory, unless the members of a volume are in no order.
 *
 * @param seen volumes that were tested already, as of `eachVolume`
 * @throws UsageError where there is no such file; as node:fs does
 */
export async function testArchive(path: string, cwd: string, report: TestReport, seen?: Seen): Promise<void> {
  const onFault = (where: string, fault: ZipFault) => report.fault(where, fault.subject, fault.message);
  for (const volume of eachVolume(path, cwd, onFault, seen)) {
    let [end, inOrder] = [0, true];
    for (const entry of entriesOf(volume, onFault)) {
      const extent = await testMember(volume, entry, report);
      if (extent === undefined) continue;
      inOrder &&= extent.start >= end;
      end = Math.max(end, extent.end);
    }
    if (inOrder) continue;
    for (const { entryOffset } of overlapping(volume)) {
      const { name } = readEntryAt(volume.fd, volume.end, entryOffset);
      report.fault(volume.path, name, 'shares bytes of the file with another member');
    }
  }
}

/** Where a member lies: from its local header to the end of its data. */
type Extent = { start: number; end: number; entryOffset: number };

const extentOf = (entry: DirectoryEntry, dataOffset: number): Extent => ({
  start: entry.headerOffset,
  end: dataOffset + entry.packedBytes,
  entryOffset: entry.entryOffset,
});

/** Where it lies, if its header can be believed. */
async function testMember(
  { path, fd }: OpenVolume,
  entry: DirectoryEntry,
  report: TestReport,
): Promise<Extent | undefined> {
  const { name, sha256 } = entry;
  let extent: Extent | undefined;
  try {
    const dataOffset = dataOffsetOf(fd, entry);
    extent = extentOf(entry, dataOffset);
    const reason = unreadable(entry);
    if (reason !== undefined) {
      report.untested(path, name, reason);
      return extent;
    }
    const hash = await contentHash(fd, { ...entry, dataOffset });
    if (sha256 !== undefined && !hash.equals(sha256))
      report.fault(path, name, 'has another SHA-256 than the archive says');
    report.tested(entry.sizeBytes);
  } catch (error) {
    if (!(error instanceof ZipFault)) throw error;
    report.fault(path, name, error.message);
  }
  return extent;
}

/** Those that begin before one that begins earlier has ended. */
function* overlapping(volume: OpenVolume): Generator<Extent> {
  const extents: Extent[] = [];
  for (const entry of entriesOf(volume, () => undefined)) {
    const extent = readableExtent(volume.fd, entry);
    if (extent !== undefined) extents.push(extent);
  }
  let end = 0;
  for (const extent of extents.sort((a, b) => a.start - b.start)) {
    if (extent.start < end) yield extent;
    end = Math.max(end, extent.end);
  }
}

function readableExtent(fd: number, entry: DirectoryEntry): Extent | undefined {
  try {
    return extentOf(entry, dataOffsetOf(fd, entry));
  } catch (error) {
    if (error instanceof ZipFault) return undefined;
    throw error;
  }
}
