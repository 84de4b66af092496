import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CtimeTrust } from '../../../../apps/discoverer/completion/ctime-trust.ts';
import { type Kernel, linux } from '../../../../apps/discoverer/kernel.ts';
import { fromText } from '../../../../shared/fs/byte-path.ts';

const FILE = fromText('/in/a.csv');

function trustOn(type: () => ReturnType<Kernel['fileSystemType']>) {
  const asked: string[] = [];
  const trust = new CtimeTrust({
    ...linux,
    fileSystemType(path) {
      asked.push(path);
      return type();
    },
  });
  return { trust, asked };
}

test('ctime is trusted on local file systems that have one, and nowhere else', () => {
  const trusted = (name: string, isNetwork = false) =>
    trustOn(() => ({ name, isNetwork })).trust.of(1n, FILE);
  assert.ok(['ext4', 'xfs', 'btrfs', 'tmpfs', 'overlay'].every((name) => trusted(name)));
  assert.ok(!trusted('nfs', true));
  assert.ok(!trusted('fuse.bindfs'), 'FUSE says what its program says');
  assert.ok(!trusted('vfat'), 'FAT has no ctime, Linux shows mtime for it');
});

test('the kernel is asked once a device, for the directory of the file', () => {
  const { trust, asked } = trustOn(() => ({ name: 'ext4', isNetwork: false }));
  for (const device of [1n, 1n, 2n, 1n]) trust.of(device, FILE);
  assert.deepEqual(asked, ['/in', '/in']);
  trust.forget();
  trust.of(1n, FILE);
  assert.equal(asked.length, 3);
});

test('where the kernel does not answer ctime is not trusted', () => {
  const { trust } = trustOn(() => {
    throw Object.assign(new Error('gone'), { code: 'ENOENT' });
  });
  assert.equal(trust.of(1n, FILE), false);
});
