import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { archivePathIn } from '../../archives/archive-path.ts';
import type { ArchivePath } from '../../archives/contract.ts';
import { UsageError } from '../../errors.ts';
import { type BytePath, fromBytes, fromText, toBytes } from '../../fs/byte-path.ts';

/**
 * What a person asks about: a path, or the first hex digits of a SHA-256, lower case. A path that is not absolute may as well be that of a member
 * of an archive, below whatever base.
 */
export type Subject = { path: BytePath; member?: ArchivePath } | { sha256: string };

const BASE64 = 'base64:';
const SHA256_PREFIX = /^[0-9a-f]{8,64}$/i;

/**
 * Reads the argument of `trace`. What looks like a SHA-256 is one unless something of that name is there.
 *
 * @throws UsageError
 */
export function parseSubject(text: string, cwd: string): Subject {
  if (text.startsWith(BASE64)) return { path: fromBase64(text.slice(BASE64.length)) };
  const path = fromText(resolve(cwd, text));
  const isPath =
    text === '' || text.includes('/') || lstatSync(toBytes(path), { throwIfNoEntry: false }) !== undefined;
  if (!isPath && SHA256_PREFIX.test(text)) return { sha256: text.toLowerCase() };
  const member = archivePathIn(text);
  return member === undefined ? { path } : { path, member };
}

function fromBase64(text: string): BytePath {
  const path = fromBytes(Buffer.from(text, 'base64'));
  if (path.startsWith('/')) return path;
  throw new UsageError('base64: must hold the bytes of an absolute path', {
    code: 'usage.value',
    subject: text,
    hint: 'copy path_base64 or source_base64 from the manifest or from --json',
  });
}
