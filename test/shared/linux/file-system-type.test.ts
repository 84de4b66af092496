import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { fileSystemType, mountTypeOf } from '../../../shared/linux/file-system-type.ts';
import { cannotMount } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';
import { MountPlaces } from './mount-places.ts';

test('a tmpfs is local and has a name', { skip: cannotMount() ?? false }, (t) => {
  const mounted = new MountPlaces(t).tmpfs('mounted');
  assert.deepEqual(fileSystemType(fromText(mounted)), {
    magic: 0x01021994,
    name: 'tmpfs',
    isNetwork: false,
  });
});

test('one that is not known is local and named by its number', () => {
  assert.deepEqual(fileSystemType(fromText('/proc')), { magic: 0x9fa0, name: '0x9fa0', isNetwork: false });
});

test('a path that is not there is ENOENT', (t) => {
  assert.throws(() => fileSystemType(fromText(`${tempDir(t)}/missing`)), { code: 'ENOENT' });
});

const MOUNTS = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
36 22 0:31 / /mnt/a\\040b rw,nosuid shared:2 master:1 - fuse.sshfs me@host:/data rw,user_id=0
37 22 0:32 / /mnt/c rw - fuse.mergerfs a:b rw
38 22 259:1048579 / /mnt/d rw - fuseblk /dev/nvme0n1p3 rw
`;

test('the type behind FUSE is found by the device number', () => {
  assert.equal(mountTypeOf(MOUNTS, 31n), 'fuse.sshfs');
  assert.equal(mountTypeOf(MOUNTS, 32n), 'fuse.mergerfs');
  assert.equal(mountTypeOf(MOUNTS, 254n << 8n), 'ext4');
  // Larger numbers are split: the lower eight bits of the minor number, the major number, the rest of the minor one.
  assert.equal(
    mountTypeOf(MOUNTS, (1_048_579n & 0xffn) | (259n << 8n) | ((1_048_579n & ~0xffn) << 12n)),
    'fuseblk',
  );
  assert.equal(mountTypeOf(MOUNTS, 33n), undefined);
});
