import { createHash, type Hash } from 'node:crypto';
import { type Content, openContent, type Source } from './content.ts';
import {
  type Identity,
  type Integrity,
  identityOfParts,
  identityOfWhole,
  type PartDigest,
} from './digest.ts';
import { partBytesAt } from './part-sizes.ts';
import type { RemoteObject } from './store.ts';

/** The name in the metadata under which an object carries the SHA-256 of its content, where that was known before it was sent. */
export const SHA256_METADATA = 'sha256';

/** Whether an object has this content, by its size and one sum. Two sums that are of different kinds say nothing. */
export function isSame(remote: RemoteObject, identity: Identity): boolean {
  if (remote.sizeBytes !== identity.sizeBytes) return false;
  if (remote.checksum !== undefined && remote.checksum.value === identity.checksum.value) return true;
  if (identity.etag !== undefined && remote.etag === identity.etag) return true;
  return remote.metadata[SHA256_METADATA] === identity.sha256;
}

/**
 * Whether an object has the content that is still to be sent. Reads it, up to the size of the object, as it would be cut for
 * sending; nothing is read where the sizes differ.
 */
export async function hasContent(
  remote: RemoteObject,
  content: Exclude<Content, { type: 'bytes' }>,
  integrity: Integrity,
  partBytes: number,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  if (content.type === 'file' && content.sizeBytes !== remote.sizeBytes) return undefined;
  const isWhole = !/-\d+$/.test(remote.checksum?.value ?? remote.etag);
  const sizeAt = (number: number) =>
    isWhole ? Number.POSITIVE_INFINITY : partBytesAt(number, partBytes, content.type === 'stream');
  const source = openContent(content, signal);
  try {
    const identity = await identify(source, remote.sizeBytes, integrity, isWhole, sizeAt);
    return identity !== undefined && isSame(remote, identity) ? identity : undefined;
  } finally {
    await source.close();
  }
}

const BUFFER_BYTES = 1024 * 1024;

async function identify(
  source: Source,
  mostBytes: number,
  integrity: Integrity,
  isWhole: boolean,
  sizeAt: (number: number) => number,
): Promise<Identity | undefined> {
  const whole = createHash('sha256');
  const parts: PartDigest[] = [];
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let part = new PartHash(integrity);
  let bytes = 0;
  for (;;) {
    const room = sizeAt(parts.length + 1) - part.bytes;
    const filled = await source.fill(buffer.subarray(0, Math.min(BUFFER_BYTES, room)), (chunk) => {
      whole.update(chunk);
      part.update(chunk);
    });
    bytes += filled;
    if (bytes > mostBytes) return undefined;
    if (filled === 0) break;
    if (filled < room) continue;
    parts.push(part.digest());
    part = new PartHash(integrity);
  }
  if (part.bytes > 0 || parts.length === 0) parts.push(part.digest());
  const [first] = parts;
  if (isWhole && first !== undefined) return identityOfWhole(bytes, first);
  return identityOfParts(bytes, whole.digest('hex'), parts);
}

class PartHash {
  bytes = 0;
  readonly #sha256: Hash = createHash('sha256');
  readonly #md5: Hash | undefined;

  constructor(integrity: Integrity) {
    this.#md5 = integrity === 'md5' ? createHash('md5') : undefined;
  }

  update(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#sha256.update(chunk);
    this.#md5?.update(chunk);
  }

  digest(): PartDigest {
    return { sha256: this.#sha256.digest(), md5: this.#md5?.digest() };
  }
}
