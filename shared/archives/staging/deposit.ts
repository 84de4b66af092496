import { readSync } from 'node:fs';
import { readAhead } from '../../fs/hash-file.ts';
import type { ArchivePath } from '../contract.ts';
import { changedFault, sourceFault } from './faults.ts';

/** The bytes of a deposit. A descriptor is read from its start, stays where it is, and must stay open until the deposit is settled; so must a buffer stay as it is. */
export type Content = { bytes: Buffer } | { fd: number; sizeBytes: number };

export type DepositFacts = {
  /** With or without the type of a file. */
  mode: number;
  mtimeMs: number;
  /** A content with another hash is never written whole. */
  expectedSha256?: Buffer;
  /** Asked when all was read and before any of it can be collected: false lets the deposit fail as changed, and so does what it throws as itself. */
  isUnchanged?: () => boolean;
};

export type Deposited = {
  /** The staging archive, `HOST.IDENTITY.PID.START.RANDOM`: its name without turn and suffix. */
  staging: string;
  sha256: Buffer;
};

/** One that waits to be written. */
export type Deposit = {
  to: ArchivePath;
  content: Content;
  facts: DepositFacts;
  resolve(deposited: Deposited): void;
  reject(error: unknown): void;
};

export const memberNameOf = ({ archive, member }: ArchivePath): string => `${archive}/${member}`;

export const contentBytes = (content: Content): number =>
  'bytes' in content ? content.bytes.length : content.sizeBytes;

/**
 * All of a small content.
 *
 * @throws `archive.content-changed` where a file is longer or shorter than was said; `archive.source` where it cannot be read
 */
export function readContent({ to, content }: Deposit): Buffer {
  if ('bytes' in content) return content.bytes;
  // One byte more is asked for: a full read is the proof that there is no more.
  const buffer = Buffer.allocUnsafe(content.sizeBytes + 1);
  let bytes = 0;
  try {
    for (let more = -1; more !== 0 && bytes < buffer.length; bytes += more)
      more = readSync(content.fd, buffer, bytes, buffer.length - bytes, bytes);
  } catch (error) {
    throw sourceFault(memberNameOf(to), error);
  }
  if (bytes !== content.sizeBytes) throw changedFault(memberNameOf(to), 'has another size by now');
  return buffer.subarray(0, bytes);
}

const CHUNK_BYTES = 1024 ** 2;

/** The same chunk by chunk, each valid until the next is asked for. */
export async function* contentChunks({ to, content }: Deposit): AsyncGenerator<Buffer> {
  if ('bytes' in content) {
    for (let at = 0; at < content.bytes.length; at += CHUNK_BYTES)
      yield content.bytes.subarray(at, at + CHUNK_BYTES);
    return;
  }
  const chunks = readAhead(content.fd);
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await readFrom(chunks, to);
      if (done) break;
      bytes += value.length;
      // Of a file that grows without end no more is read than was asked for.
      if (bytes > content.sizeBytes) break;
      yield value;
    }
  } finally {
    await chunks.return(undefined);
  }
  if (bytes !== content.sizeBytes) throw changedFault(memberNameOf(to), 'has another size by now');
}

const readFrom = (chunks: AsyncGenerator<Buffer>, to: ArchivePath): Promise<IteratorResult<Buffer>> =>
  chunks.next().catch((error: unknown) => {
    throw sourceFault(memberNameOf(to), error);
  });

/** @throws `archive.content-changed` */
export function assertExpected({ to, facts }: Deposit, sha256: Buffer): void {
  if (facts.expectedSha256 !== undefined && !facts.expectedSha256.equals(sha256))
    throw changedFault(memberNameOf(to), 'has another SHA-256 than was expected');
  if (facts.isUnchanged?.() === false) throw changedFault(memberNameOf(to), 'changed while it was read');
}
