import { type BytePath, isUtf8, join, toBytes, toText } from '../fs/byte-path.ts';
import type { LedgerRow } from '../ledger/ledger.ts';
import { rememberLast } from '../remember-last.ts';

/** A batch is decided at one instant. */
const isoOf = rememberLast((instantMs: number): string => new Date(instantMs).toISOString());

/** The manifest file of an instant: `<root>/YYYY/MM/DD/HH/manifest.jsonl`, in UTC. */
export function manifestPathOf(root: BytePath, instantMs: number): BytePath {
  const iso = isoOf(instantMs);
  return join(
    root,
    `${iso.slice(0, 4)}/${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(11, 13)}/manifest.jsonl`,
  );
}

export type Recorded = Pick<
  LedgerRow,
  'id' | 'sha256' | 'device' | 'inode' | 'sizeBytes' | 'mtimeNs' | 'source' | 'destination' | 'decidedMs'
>;

/**
 * One line of the manifest, its newline included. It follows from the ledger row and the route's name alone, so that a line
 * found after a crash can be compared with the row it claims to be.
 *
 * Numbers are written with all their digits: an inode can be larger than what JavaScript's numbers hold.
 */
export function manifestLine(row: Recorded, route: string): string {
  return (
    `{"path":${textOf(row.destination)},"sha256":"${row.sha256.toString('hex')}","device":${row.device},"inode":${row.inode},` +
    `"size":${row.sizeBytes},"mtime":${wholeSeconds(row.mtimeNs)},"source":${textOf(row.source)},` +
    `"ingested_at":"${isoOf(row.decidedMs)}","id":${row.id},"route":${JSON.stringify(route)}` +
    `${bytesOf('path_base64', row.destination)}${bytesOf('source_base64', row.source)}}\n`
  );
}

const NS_PER_SECOND = 1_000_000_000n;

/** Rounds down, also before 1970, as stat(1) and every `st_mtime` do. */
export const wholeSeconds = (ns: bigint): bigint =>
  ns >= 0n ? ns / NS_PER_SECOND : -((-ns + NS_PER_SECOND - 1n) / NS_PER_SECOND);

const textOf = (path: BytePath): string => JSON.stringify(toText(path));

/** The bytes of a name that is not UTF-8 stand beside the text that had to lose them. */
const bytesOf = (key: string, path: BytePath): string =>
  isUtf8(path) ? '' : `,"${key}":"${toBytes(path).toString('base64')}"`;
