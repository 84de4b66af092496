import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { syncFileSystem } from '../../../shared/linux/sync-file-system.ts';
import { tempDir } from '../../support/temp.ts';

test('a file system is flushed by any descriptor of it, several at a time', async (t) => {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, 'content');
  const fd = openSync(path, 'r');
  try {
    await Promise.all([syncFileSystem(fd), syncFileSystem(fd)]);
  } finally {
    closeSync(fd);
  }
});

test('a failure is thrown as node:fs throws it, and after the call returned', async () => {
  const failure = syncFileSystem(99_999);
  await assert.rejects(failure, { code: 'EBADF', errno: -9, syscall: 'syncfs' });
});
