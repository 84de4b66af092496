import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { METHODS, type MemberFacts } from '../../../../shared/archives/contract.ts';
import { encodeDirectoryEnd, encodeDirectoryEntry } from '../../../../shared/archives/zip/directory.ts';
import { encodeLocalHeader } from '../../../../shared/archives/zip/local-header.ts';

/** A random part as staging archives have it in their names. */
export const RANDOM = '0123456789abcdef';

export type Member = { facts: MemberFacts; packed: Buffer; content: Buffer };

export type MemberOptions = { store?: boolean; mtimeMs?: number; mode?: number };

/** A member, packed, as a writer has it. */
export function memberOf(name: string, text: string | Buffer, options: MemberOptions = {}): Member {
  const { store = false, mtimeMs = Date.UTC(2024, 10, 2, 10, 0, 1, 234), mode = 0o100644 } = options;
  const content = Buffer.from(text);
  const packed = store ? content : deflateRawSync(content);
  const sha256 = createHash('sha256').update(content).digest();
  const method = store ? METHODS.store : METHODS.deflate;
  const sizes = { sizeBytes: content.length, packedBytes: packed.length };
  return { facts: { name, method, crc32: crc32(content), ...sizes, mtimeMs, mode, sha256 }, packed, content };
}

export type Built = {
  bytes: Buffer;
  /** Where the local header of each member begins. */
  offsets: number[];
  directoryOffset: number;
};

/** A whole zip file; a staging archive where `random` is given. */
export function buildZip(members: readonly Member[], comment = '', random?: string): Built {
  const parts: Buffer[] = [];
  const offsets: number[] = [];
  let offset = 0;
  const add = (part: Buffer) => {
    parts.push(part);
    offset += part.length;
  };
  for (const { facts, packed } of members) {
    offsets.push(offset);
    add(encodeLocalHeader(facts, random));
    add(packed);
  }
  const directoryOffset = offset;
  for (const [index, { facts }] of members.entries())
    add(encodeDirectoryEntry(facts, offsets[index] ?? 0, random));
  const directoryBytes = offset - directoryOffset;
  add(encodeDirectoryEnd({ entries: members.length, directoryBytes, directoryOffset, comment }));
  return { bytes: Buffer.concat(parts), offsets, directoryOffset };
}

/** The bytes as a file, open to be read until the test is over. */
export function opened(context: TestContext, path: string, bytes: Buffer): { fd: number; sizeBytes: number } {
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  context.after(() => closeSync(fd));
  return { fd, sizeBytes: bytes.length };
}
