import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { preserveAttributes } from '../../../shared/fs/copy-file.ts';
import { setTimes } from '../../../shared/linux/set-times.ts';
import { has } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';

const needsRoot = { skip: process.getuid?.() === 0 ? false : 'other owners need root' };
const SOMEBODY = 65_534;

function setUp(t: TestContext) {
  const directory = tempDir(t);
  const [source, target] = [join(directory, 'source'), join(directory, 'target')];
  writeFileSync(source, 'content');
  writeFileSync(target, 'content', { mode: 0o600 });
  const [sourceFd, targetFd] = [openSync(source, 'r'), openSync(target, 'r+')];
  t.after(() => {
    closeSync(sourceFd);
    closeSync(targetFd);
  });
  return {
    source,
    target,
    sourceFd,
    targetFd,
    preserve: () => preserveAttributes(sourceFd, targetFd, fstatSync(sourceFd, { bigint: true })),
    targetStats: () => fstatSync(targetFd, { bigint: true }),
  };
}

test('mode and times are kept, the times to the nanosecond', (t) => {
  const { source, sourceFd, preserve, targetStats } = setUp(t);
  chmodSync(source, 0o1754);
  const times = { atimeNs: 1_600_000_000_123_456_789n, mtimeNs: 1_500_000_000_987_654_321n };
  setTimes(sourceFd, times);
  assert.deepEqual(preserve(), []);
  const { mode, atimeNs, mtimeNs } = targetStats();
  assert.equal(mode & 0o7777n, 0o1754n);
  assert.deepEqual({ atimeNs, mtimeNs }, times);
});

test('owner and group are kept where permitted, and with them the bits to run as them', needsRoot, (t) => {
  const { source, preserve, targetStats } = setUp(t);
  chownSync(source, 12_345, 54_321);
  chmodSync(source, 0o6755);
  assert.deepEqual(preserve(), []);
  const { uid, gid, mode } = targetStats();
  assert.deepEqual([uid, gid, mode & 0o7777n], [12_345n, 54_321n, 0o6755n]);
});

test(
  'who may not give files away is told so, and the bits to run as the owner are not kept',
  needsRoot,
  (t) => {
    const { source, target, preserve, targetStats } = setUp(t);
    chownSync(source, 12_345, 54_321);
    chmodSync(source, 0o6755);
    chownSync(target, SOMEBODY, SOMEBODY);
    process.seteuid?.(SOMEBODY);
    try {
      assert.deepEqual(preserve(), ['owner', 'group']);
    } finally {
      process.seteuid?.(0);
    }
    const { uid, mode } = targetStats();
    assert.deepEqual([uid, mode & 0o7777n], [BigInt(SOMEBODY), 0o755n]);
  },
);

test('a copy that is not ours keeps nothing, and all of it is told', needsRoot, (t) => {
  const { sourceFd, preserve, targetStats } = setUp(t);
  setTimes(sourceFd, { atimeNs: 1n, mtimeNs: 1n });
  const before = targetStats();
  process.seteuid?.(SOMEBODY);
  try {
    assert.deepEqual(preserve(), ['owner', 'group', 'mode', 'times']);
  } finally {
    process.seteuid?.(0);
  }
  assert.deepEqual(targetStats().mtimeNs, before.mtimeNs);
});

test('extended attributes are kept', { skip: has('setfattr') ? false : 'setfattr is not installed' }, (t) => {
  const { source, target, preserve } = setUp(t);
  execFileSync('setfattr', ['-n', 'user.origin', '-v', 'somewhere', source]);
  assert.deepEqual(preserve(), []);
  const value = execFileSync('getfattr', ['--absolute-names', '--only-values', '-n', 'user.origin', target]);
  assert.equal(value.toString(), 'somewhere');
});

test('capabilities survive the change of owner', {
  skip: needsRoot.skip || (has('setcap') ? false : 'setcap is not installed'),
}, (t) => {
  const { source, target, preserve } = setUp(t);
  chownSync(source, 12_345, 54_321);
  execFileSync('setcap', ['cap_net_raw=ep', source]);
  assert.deepEqual(preserve(), []);
  assert.match(execFileSync('getcap', [target], { encoding: 'utf8' }), /cap_net_raw/);
});

test('an error that is not about permission is thrown', (t) => {
  const { sourceFd } = setUp(t);
  const stats = fstatSync(sourceFd, { bigint: true });
  assert.throws(() => preserveAttributes(sourceFd, 99_999, stats), { code: 'EBADF' });
});
