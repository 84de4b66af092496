import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf } from '../../errors.ts';

/** The calls by which a staging archive comes to be; an argument, so that tests can count them and let them fail. */
export type FileCalls = {
  open(path: string, flags: number, mode: number): Promise<number>;
  /** @returns how many bytes were written, perhaps fewer than asked */
  write(fd: number, buffer: Buffer, position: number): Promise<number>;
  truncate(fd: number, sizeBytes: number): Promise<void>;
  fdatasync(fd: number): Promise<void>;
  fsync(fd: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  close(fd: number): Promise<void>;
  stat(path: string): Promise<{ dev: bigint; ino: bigint }>;
};

const write = promisify(fs.write);

export const nodeCalls: FileCalls = {
  open: promisify(fs.open),
  write: async (fd, buffer, position) => (await write(fd, buffer, 0, buffer.length, position)).bytesWritten,
  truncate: promisify(fs.ftruncate),
  fdatasync: promisify(fs.fdatasync),
  fsync: promisify(fs.fsync),
  rename: promisify(fs.rename),
  unlink: promisify(fs.unlink),
  close: promisify(fs.close),
  stat: (path) => fs.promises.stat(path, { bigint: true }),
};

/** @throws as write does, some of it written */
export async function writeWhole(
  calls: FileCalls,
  fd: number,
  buffer: Buffer,
  position: number,
): Promise<void> {
  for (let written = 0; written < buffer.length; )
    written += await calls.write(fd, buffer.subarray(written), position + written);
}

/** What `fsyncDirectory` of shared/fs/durable.ts does, without holding up the process: the inbox may lie on a network file system. */
export async function syncDirectory(calls: FileCalls, directory: string): Promise<void> {
  const fd = await calls.open(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY, 0);
  try {
    await calls.fsync(fd);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'EINVAL' && errno !== 'ENOTSUP') throw error;
  } finally {
    await calls.close(fd);
  }
}
