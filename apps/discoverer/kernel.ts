import type { BytePath } from '../../shared/fs/byte-path.ts';
import { fileSystemType } from '../../shared/linux/file-system-type.ts';
import { Inotify, type InotifyEvent } from '../../shared/linux/inotify.ts';
import { hasOpenWriter } from '../../shared/linux/open-writer.ts';

/** What the discoverer asks of the kernel: an argument, so that a test can have it refuse. */
export type Kernel = {
  fileSystemType(path: BytePath): { name: string; isNetwork: boolean };
  hasOpenWriter(fd: number): 'yes' | 'no' | 'unknown';
  /** @param onReadable called as long as there are events to read, and possibly when there are none */
  openInotify(onReadable: () => void): EventQueue;
};

/** As much of `Inotify` as is used. */
export type EventQueue = {
  /** @throws ENOSPC, ENOMEM (no watches left), ENOENT, ENOTDIR, EACCES */
  add(directory: BytePath, options: { followLink: boolean }): number;
  remove(watch: number): void;
  /** What has come so far, or a part of it; empty when there is nothing more. */
  read(): InotifyEvent[];
  close(): void;
};

export const linux: Kernel = {
  fileSystemType,
  hasOpenWriter,
  openInotify: (onReadable) => new Inotify({ onReadable }),
};
