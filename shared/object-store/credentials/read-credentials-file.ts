import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { EnvironmentError, errnoOf, UsageError } from '../../errors.ts';

/** Thousands of profiles; what is larger was given by mistake. */
const MAX_SIZE_BYTES = 1024 * 1024;

export type CredentialsFile = { path: string; text: string; mode: number };

/**
 * Reads a file of profiles; undefined where there is none. No error shows anything of what stands in it.
 *
 * @throws UsageError where it is no file of text or larger than 1 MiB; EnvironmentError where it cannot be read
 */
export function readCredentialsFile(path: string): CredentialsFile | undefined {
  try {
    return readText(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw new EnvironmentError(`the credentials file ${path} cannot be read (${errno})`, {
      code: 'credentials.unreadable',
      subject: path,
      hint: 'let this user read it, and nobody else',
      cause: error,
    });
  }
}

function readText(path: string): CredentialsFile {
  // Opening a named pipe without O_NONBLOCK waits for a writer, perhaps for ever.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw unusable(path, 'is a directory', 'give the file in it');
    // Each process reads the file again, and a pipe gives what it has only once. /dev/null is a usual way to say "none".
    if (!stats.isFile() && !stats.isCharacterDevice())
      throw unusable(path, 'is not a regular file', 'write the profiles into a file of mode 0600');
    return { path, text: decode(path, readBounded(fd, path)), mode: stats.mode & 0o7777 };
  } finally {
    closeSync(fd);
  }
}

function readBounded(fd: number, path: string): Uint8Array {
  const bytes = Buffer.alloc(MAX_SIZE_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(fd, bytes, length, bytes.length - length, null);
    if (read === 0) return bytes.subarray(0, length);
    length += read;
  }
  throw unusable(
    path,
    'is larger than 1 MiB',
    'give the file with the profiles, in the syntax of the AWS CLI',
  );
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unusable(path, 'is not UTF-8 text', 'save it as UTF-8');
  }
}

const unusable = (path: string, what: string, hint: string): UsageError =>
  new UsageError(`the credentials file ${path} ${what}`, { code: 'credentials.file', subject: path, hint });
