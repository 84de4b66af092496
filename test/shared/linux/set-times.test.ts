import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimes } from '../../../shared/linux/set-times.ts';
import { tempDir } from '../../support/temp.ts';

test('times are set to the nanosecond, also before 1970 and past 2038', (t) => {
  const fd = openSync(join(tempDir(t), 'file'), 'w');
  t.after(() => closeSync(fd));
  const pairs = [
    [1_790_000_000_123_456_789n, 1_700_000_000_999_999_999n],
    [0n, 1n],
    [-1n, -1_000_000_001n],
    [-2_000_000_000n, 5_000_000_000_000_000_001n],
  ] as const;
  for (const [atimeNs, mtimeNs] of pairs) {
    setTimes(fd, { atimeNs, mtimeNs });
    const stats = fstatSync(fd, { bigint: true });
    assert.deepEqual([stats.atimeNs, stats.mtimeNs], [atimeNs, mtimeNs]);
  }
});

test('a failure is thrown as node:fs throws it', () => {
  assert.throws(() => setTimes(99_999, { atimeNs: 0n, mtimeNs: 0n }), { code: 'EBADF', syscall: 'futimens' });
});
