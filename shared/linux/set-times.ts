import { lastErrno, lazily, libcFunction } from './libc.ts';
import { systemCallError } from './system-call-error.ts';

const NS_PER_S = 1_000_000_000n;

/** struct timespec times[2]: seconds and nanoseconds, 64 bits each on every machine that this runs on. */
const TIMES_BYTES = 32;

/**
 * Sets a file's times to the nanosecond. `node:fs` takes seconds as a double, which is exact to some 200 ns
 * today.
 *
 * @throws as node:fs does: EPERM, EROFS, …
 */
export function setTimes(fd: number, { atimeNs, mtimeNs }: { atimeNs: bigint; mtimeNs: bigint }): void {
  const times = Buffer.alloc(TIMES_BYTES);
  for (const [index, timeNs] of [atimeNs, mtimeNs].entries()) {
    // Nanoseconds count up also before 1970.
    const nanoseconds = ((timeNs % NS_PER_S) + NS_PER_S) % NS_PER_S;
    times.writeBigInt64LE((timeNs - nanoseconds) / NS_PER_S, index * 16);
    times.writeBigInt64LE(nanoseconds, index * 16 + 8);
  }
  if (futimens()(fd, times) !== 0) throw systemCallError(lastErrno(), 'futimens');
}

type Futimens = (fd: number, times: Buffer) => number;

const futimens = lazily((): Futimens => libcFunction('int futimens(int, const void*)'));
