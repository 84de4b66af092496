import { readFileSync, statfsSync, statSync } from 'node:fs';
import { type BytePath, toBytes } from '../fs/byte-path.ts';

export type FileSystemType = {
  /** As statfs gives it: one for all file systems behind FUSE. */
  magic: number;
  /** For people. */
  name: string;
  /**
   * Others may change it without this kernel's knowing: no inotify of what they do, no locks to trust, ctime
   * by another clock.
   */
  isNetwork: boolean;
};

const FUSE = 0x65735546;

const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'nfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb3'],
  [0x517b, 'smb'],
  [0x564c, 'ncp'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x73757245, 'coda'],
  [0x00c36400, 'ceph'],
  [0x01021997, '9p'],
  [0x0bd00bd0, 'lustre'],
  [0x01161970, 'gfs2'],
  [0x7461636f, 'ocfs2'],
  [0x47504653, 'gpfs'],
  [0x19830326, 'beegfs'],
  [0x20030528, 'orangefs'],
  [0x61636673, 'acfs'],
  [0xaad7aaea, 'panfs'],
  [0xbeefdead, 'snfs'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'vmhgfs'],
  [0x7c7c6673, 'prl_fs'],
]);

const LOCAL: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xca451a4e, 'bcachefs'],
  [0xf2f52010, 'f2fs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x794c7630, 'overlay'],
  [0x4d44, 'vfat'],
  [0x2011bab0, 'exfat'],
  [0x7366746e, 'ntfs3'],
  [0x52654973, 'reiserfs'],
  [0x3153464a, 'jfs'],
]);

/** What is behind FUSE and yet only this machine's: a disk, or a view of local directories. */
const LOCAL_FUSE: ReadonlySet<string> = new Set([
  'fuseblk',
  'fuse.fuse-overlayfs',
  'fuse.mergerfs',
  'fuse.bindfs',
  'fuse.gocryptfs',
]);

/**
 * The kind of file system that `path` is on, symlinks followed. One that is not known counts as local, but
 * one behind FUSE as of the network.
 *
 * @throws as node:fs does: ENOENT, EACCES, …
 */
export function fileSystemType(path: BytePath): FileSystemType {
  // The kernel's long is negative for some where it was 32 bits wide.
  const magic = statfsSync(toBytes(path)).type >>> 0;
  if (magic === FUSE) {
    const name = mountedType(path) ?? 'fuse';
    return { magic, name, isNetwork: !LOCAL_FUSE.has(name) };
  }
  const network = NETWORK.get(magic);
  if (network !== undefined) return { magic, name: network, isNetwork: true };
  return { magic, name: LOCAL.get(magic) ?? `0x${magic.toString(16)}`, isNetwork: false };
}

/** As the table of mounts names the type, for example `fuse.sshfs`; found by device number. */
function mountedType(path: BytePath): string | undefined {
  const { dev } = statSync(toBytes(path), { bigint: true });
  const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
  return mountTypeOf(mounts, dev);
}

/** The type of the mount of device `dev` in the text of a `/proc/<pid>/mountinfo`. */
export function mountTypeOf(mounts: string, dev: bigint): string | undefined {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  for (const line of mounts.split('\n')) {
    // id, parent, device, root, mount point, options, any number of fields, "-", type, …
    const [mount = '', type = ''] = line.split(' - ');
    if (mount.split(' ')[2] === `${major}:${minor}`) return type.split(' ')[0];
  }
  return undefined;
}
