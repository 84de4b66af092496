import { closeSync, existsSync, lstatSync, opendirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasOpenWriter } from '../../../shared/linux/open-writer.ts';
import { type Check, type Examined, ok, warn } from './check.ts';
import { inputsOf } from './places.ts';
import { withProbe } from './probe.ts';

/** Whether the kernel tells that somebody has a file open for writing. */
export function examineLeases({ settings }: Examined): Check[] {
  return inputsOf(settings)
    .filter((input) => existsSync(input))
    .map((input) => {
      if (!givesLeases(input)) {
        return warn(
          'lease',
          `the file system of ${input} gives no leases: a file that is still open for writing is not noticed`,
          'use --mode sidecar, or writers that rename when done; or a local file system',
        );
      }
      const foreign = canLeaseAll() ? undefined : foreignFile(input);
      return foreign === undefined
        ? ok('lease', `the kernel tells who still has files in ${input} open for writing`)
        : warn(
            'lease',
            `${foreign} is another user's: whether it is open for writing cannot be asked`,
            'run wharfinger as the user who owns the files, or with the capability CAP_LEASE',
          );
    });
}

const givesLeases = (directory: string): boolean =>
  withProbe(directory, 'file', ({ path }) => {
    const fd = openSync(path, 'r');
    try {
      return hasOpenWriter(fd) !== 'unknown';
    } finally {
      closeSync(fd);
    }
  });

const CAP_LEASE = 28n;

/** Leases on files of other users. */
function canLeaseAll(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> CAP_LEASE) & 1n) === 1n;
}

/** Names that are looked at: the first few tell who writes here. */
const LOOKED_AT = 100;

function foreignFile(directory: string): string | undefined {
  const self = process.getuid?.();
  const listing = opendirSync(directory);
  try {
    for (let looked = 0; looked < LOOKED_AT; looked += 1) {
      const entry = listing.readSync();
      if (entry === null) return undefined;
      const path = join(directory, entry.name);
      if (entry.isFile() && lstatSync(path, { throwIfNoEntry: false })?.uid !== self) return path;
    }
    return undefined;
  } finally {
    listing.closeSync();
  }
}

/** How far the clock of a file system may be from ours before ages of files mean nothing. */
const SKEW_MS = 1000;

/** Before this there was no wharfinger. */
const EARLIEST_MS = Date.UTC(2025, 0);
const LATEST_MS = Date.UTC(2100, 0);

/** The clock, from which partitions and the age of files come. */
export function examineClock({ settings, nowMs }: Examined): Check[] {
  const now = nowMs();
  if (now < EARLIEST_MS || now > LATEST_MS) {
    const what = `the clock says ${new Date(now).toISOString()}, and partitions are named by it`;
    return [
      {
        level: 'fail',
        check: 'clock',
        what,
        mend: 'set the clock, for example with `timedatectl set-ntp true`',
      },
    ];
  }
  return inputsOf(settings)
    .filter((input) => existsSync(input))
    .map((input) => {
      const before = nowMs();
      const { ctimeMs } = withProbe(input, 'file', (probe) => probe.stats());
      const skewMs = Math.max(before - ctimeMs, ctimeMs - nowMs());
      return skewMs <= SKEW_MS
        ? ok('clock', `the clock and that of the file system of ${input} agree`)
        : warn(
            'clock',
            `the file system of ${input} is ${(skewMs / 1000).toFixed(1)} s away from the clock: each file is looked at twice`,
            'keep the clocks of this machine and of the file server together (NTP)',
          );
    });
}
