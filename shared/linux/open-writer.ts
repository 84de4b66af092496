import { fromText } from '../fs/byte-path.ts';
import { type FileSystemType, fileSystemType } from './file-system-type.ts';
import { EAGAIN, lastErrno, lazily, libcFunction } from './libc.ts';

const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;

type Fcntl = (fd: number, command: number, argument: number) => number;

const fcntl = lazily((): Fcntl => libcFunction('int fcntl(int, int, int)'));

let signalIgnored = false;

/**
 * Where the lease is the server's to give. It refuses one, with the answer that a writer is there, wherever it has not promised the client that it
 * alone has the file, which it seldom does.
 *
 * @see https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/fs/nfs/nfs4proc.c `nfs4_proc_setlease`, fs/smb/client/cifsfs.c `cifs_setlease`
 */
const LEASES_OF_A_SERVER: ReadonlySet<string> = new Set(['nfs', 'cifs', 'smb3']);

/**
 * Whether any process has the file of `fd` open for writing, or mapped for it, by whatever name: the kernel
 * refuses a read lease then, and while somebody is just opening it so. The lease is dropped at once. An
 * opener that comes in the microsecond between waits for that and no longer; only one that comes with
 * O_NONBLOCK in that microsecond is told EAGAIN.
 *
 * @param fd of a regular file, open for reading only
 * @returns `unknown` where the kernel gives no leases: not our file and no CAP_LEASE, a file system without
 * them, not a regular file; and where a server refuses one, as it does also without a writer
 */
export function hasOpenWriter(fd: number, typeOf = fileSystemOf): 'yes' | 'no' | 'unknown' {
  if (!signalIgnored) ignoreLeaseSignal();
  if (fcntl()(fd, F_SETLEASE, F_RDLCK) === 0) {
    fcntl()(fd, F_SETLEASE, F_UNLCK);
    return 'no';
  }
  return lastErrno() === EAGAIN && !LEASES_OF_A_SERVER.has(typeOf(fd).name) ? 'yes' : 'unknown';
}

const fileSystemOf = (fd: number): FileSystemType => fileSystemType(fromText(`/proc/self/fd/${fd}`));

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
