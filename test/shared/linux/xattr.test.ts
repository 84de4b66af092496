import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { copyXattrs } from '../../../shared/linux/xattr.ts';
import { cannotMount, has } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';
import { MountPlaces } from './mount-places.ts';

const needsSetfattr = { skip: has('setfattr') ? false : 'setfattr is not installed' };

function openNew(t: TestContext, path: string): number {
  const fd = openSync(path, 'wx+');
  t.after(() => closeSync(fd));
  return fd;
}

function setUp(
  t: TestContext,
  directory: string,
): { from: string; to: string; fromFd: number; toFd: number } {
  const [from, to] = [join(directory, 'from'), join(directory, 'to')];
  return { from, to, fromFd: openNew(t, from), toFd: openNew(t, to) };
}

const set = (path: string, name: string, value: string): void => {
  execFileSync('setfattr', ['-n', name, '-v', value, path]);
};

const get = (path: string, name: string): string =>
  execFileSync('getfattr', ['--absolute-names', '--only-values', '-n', name, path], { encoding: 'latin1' });

test('a file without attributes has none to copy', (t) => {
  const { fromFd, toFd } = setUp(t, tempDir(t));
  assert.deepEqual(copyXattrs(fromFd, toFd), []);
});

test('attributes of any name and value are copied', needsSetfattr, (t) => {
  const { from, to, fromFd, toFd } = setUp(t, tempDir(t));
  set(from, 'user.empty', '');
  set(from, 'user.bytes', '0x00ff0a');
  set(from, 'user.ünïcode', 'x'.repeat(2000));
  set(to, 'user.bytes', 'from before');
  assert.deepEqual(copyXattrs(fromFd, toFd), []);
  assert.equal(get(to, 'user.empty'), '');
  assert.equal(get(to, 'user.bytes'), '\x00\xff\n');
  assert.equal(get(to, 'user.ünïcode'), 'x'.repeat(2000));
});

test('ACLs are copied', { skip: has('setfacl') ? false : 'setfacl is not installed' }, (t) => {
  const { from, to, fromFd, toFd } = setUp(t, tempDir(t));
  execFileSync('setfacl', ['-m', 'u:12345:r', from]);
  assert.deepEqual(copyXattrs(fromFd, toFd), []);
  assert.match(execFileSync('getfacl', ['-cn', to], { encoding: 'utf8' }), /user:12345:r--/);
});

test('those that the other file system refuses are named, and the rest is copied', {
  skip: needsSetfattr.skip || (cannotMount() ?? false),
}, (t) => {
  const places = new MountPlaces(t);
  // ext4 has one block for all attributes of a file.
  const mounted = places.loop('image', 'mounted', 'ext4', 8 << 20);
  const shm = places.tmpfs('tmpfs', 4 << 20);
  const source = setUp(t, shm);
  const target = openNew(t, join(mounted, 'to'));
  try {
    set(source.from, 'user.large', 'x'.repeat(8000));
    set(source.from, 'user.small', 'small');
  } catch {
    return t.skip('this kernel has no such attributes on tmpfs');
  }
  assert.deepEqual(copyXattrs(source.fromFd, target), ['user.large']);
  assert.equal(get(join(mounted, 'to'), 'user.small'), 'small');
});

test('a descriptor that is not open is an error', () => {
  assert.throws(() => copyXattrs(99_999, 99_998), { code: 'EBADF', syscall: 'flistxattr' });
});
