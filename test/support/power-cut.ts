import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';

const ioctl = koffi.load(null).func('int ioctl(int, unsigned long, void*)');

/** `_IOR('X', 125, __u32)`, see fs/ext4/ext4.h of Linux; xfstests cuts power with it. */
const EXT4_IOC_SHUTDOWN = 0x8004587d;
/** EXT4_GOING_FLAGS_NOLOGFLUSH: neither data nor journal is written any more. */
const NO_LOG_FLUSH = 2;

/**
 * A power cut for the ext4 file system that `directory` is on: from now on nothing reaches the disk, and every call fails. What had not
 * been fsynced is lost when it is unmounted and mounted again.
 */
export function cutPower(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const flags = Buffer.alloc(4);
    flags.writeUInt32LE(NO_LOG_FLUSH);
    if (ioctl(fd, EXT4_IOC_SHUTDOWN, flags) !== 0)
      throw new Error(`EXT4_IOC_SHUTDOWN: errno ${koffi.errno()}`);
  } finally {
    closeSync(fd);
  }
}
