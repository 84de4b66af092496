import { closeSync, existsSync, fsyncSync, openSync, statfsSync, writeSync } from 'node:fs';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { fileSystemType } from '../../../shared/linux/file-system-type.ts';
import { bytes, count } from '../format/text.ts';
import { type Check, type Examined, fail, ok, warn } from './check.ts';
import { inputsOf, placesOf } from './places.ts';
import { nearestExisting, withProbe } from './probe.ts';

const IN_MEMORY = new Set(['tmpfs', 'ramfs']);

/** What kind of file system each directory is on: of the network, in memory, or a disk. */
export function examineFileSystems({ settings }: Examined): Check[] {
  const inputs = inputsOf(settings).filter((input) => existsSync(input));
  return [
    ...inputs.map((input) => {
      const { name, isNetwork } = fileSystemType(fromText(input));
      return isNetwork
        ? warn(
            'file-system',
            `input ${input} is on ${name}: no events come from there, it is scanned`,
            'lower --scan-seconds if files are to be noticed sooner',
          )
        : ok('file-system', `input ${input} is on ${name}`);
    }),
    ...placesOf(settings).map(({ what, directory }) => {
      const { name, isNetwork } = fileSystemType(fromText(nearestExisting(directory)));
      const where = `${what} ${directory} is on ${name}`;
      if (isNetwork && what === 'state') {
        return fail(
          'file-system',
          `${where}, where locks cannot be trusted`,
          'put it on a local disk with --state-path',
        );
      }
      if (isNetwork)
        return warn(
          'file-system',
          `${where}: it is as durable as that server's disk`,
          'prefer a local disk where you can',
        );
      return IN_MEMORY.has(name)
        ? warn('file-system', `${where}: in memory, gone when the machine stops`, 'put it on a disk')
        : ok('file-system', where);
    }),
  ];
}

const LITTLE_BYTES = 1_000_000_000;
const LITTLE_INODES = 10_000;

/** Free space and inodes, for this user, where files are written to. */
export function examineSpace({ settings }: Examined): Check[] {
  return placesOf(settings).flatMap(({ what, directory }) => {
    const { bavail, bsize, files, ffree } = statfsSync(nearestExisting(directory));
    const free = bavail * bsize;
    const text = `${what} ${directory} has ${bytes(free)} free`;
    const mend = 'free space on its file system, or give it more';
    const space =
      free === 0
        ? fail('space', text, mend)
        : free < LITTLE_BYTES
          ? warn('space', text, mend)
          : ok('space', text);
    // File systems that make inodes as they need them say that they have none.
    if (files === 0 || ffree >= LITTLE_INODES) return [space];
    const inodes = `${what} ${directory} has room for ${count(ffree)} more files`;
    const few = 'remove files there, or make the file system anew with more inodes';
    return [space, ffree === 0 ? fail('inodes', inodes, few) : warn('inodes', inodes, few)];
  });
}

const SYNCS = 5;
const SLOW_MS = 100;

/** How long it takes until a write is on disk: each batch of files waits for several. */
export function examineSyncs({ settings, monotonicMs }: Examined): Check[] {
  const directories = new Map(
    placesOf(settings).map(({ what, directory }) => [nearestExisting(directory), what]),
  );
  return [...directories].map(([directory, what]) => {
    const ms = medianSyncMs(directory, monotonicMs);
    const text = `a write to ${directory} (${what}) is on disk after ${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
    return ms < SLOW_MS
      ? ok('fsync', text)
      : warn(
          'fsync',
          `${text}, and each batch of files waits for several`,
          'use a faster disk, or one with a write cache that outlives a power cut',
        );
  });
}

const medianSyncMs = (directory: string, monotonicMs: () => number): number =>
  withProbe(directory, 'file', ({ path }) => {
    const fd = openSync(path, 'r+');
    try {
      const times = Array.from({ length: SYNCS }, () => {
        writeSync(fd, Buffer.alloc(4096, 1));
        const startedMs = monotonicMs();
        fsyncSync(fd);
        return monotonicMs() - startedMs;
      });
      return times.toSorted((a, b) => a - b)[SYNCS >> 1] ?? 0;
    } finally {
      closeSync(fd);
    }
  });
