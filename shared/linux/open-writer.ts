import { EAGAIN, lastErrno, lazily, libcFunction } from './libc.ts';

const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;

type Fcntl = (fd: number, command: number, argument: number) => number;

const fcntl = lazily((): Fcntl => libcFunction('int fcntl(int, int, int)'));

let signalIgnored = false;

/**
 * Whether any process has the file of `fd` open for writing, or mapped for it, by whatever name: the kernel
 * refuses a read lease then, and while somebody is just opening it so. The lease is dropped at once. An
 * opener that comes in the microsecond between waits for that and no longer; only one that comes with
 * O_NONBLOCK in that microsecond is told EAGAIN.
 *
 * @param fd of a regular file, open for reading only
 * @returns `unknown` where the kernel gives no leases: not our file and no CAP_LEASE, a file system without
 * them, not a regular file
 */
export function hasOpenWriter(fd: number): 'yes' | 'no' | 'unknown' {
  if (!signalIgnored) ignoreLeaseSignal();
  if (fcntl()(fd, F_SETLEASE, F_RDLCK) === 0) {
    fcntl()(fd, F_SETLEASE, F_UNLCK);
    return 'no';
  }
  return lastErrno() === EAGAIN ? 'yes' : 'unknown';
}

/**
 * The kernel tells the holder of a lease by SIGIO that somebody wants to write; untreated it ends the
 * process. Idempotent, and done by `hasOpenWriter` itself before its first lease: to be called only where the
 * signal may come before that.
 */
export function ignoreLeaseSignal(): void {
  if (signalIgnored) return;
  process.on('SIGIO', () => undefined);
  signalIgnored = true;
}
