import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tryLock } from '../../../shared/linux/flock.ts';
import { tempDir } from '../../support/temp.ts';

function makeFile(t: TestContext): string {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, '');
  return path;
}

function open(t: TestContext, path: string): number {
  const fd = openSync(path, 'r');
  t.after(() => closeSync(fd));
  return fd;
}

test('a lock is one descriptor’s, is taken twice by it, and goes along with a rename', (t) => {
  const path = makeFile(t);
  const [holder, other] = [open(t, path), open(t, path)];
  assert.equal(tryLock(holder), true);
  assert.equal(tryLock(holder), true);
  assert.equal(tryLock(other), false);
  renameSync(path, `${path}.1`);
  assert.equal(tryLock(open(t, `${path}.1`)), false);
});

test('a lock ends with its descriptor', (t) => {
  const path = makeFile(t);
  const holder = openSync(path, 'r');
  assert.equal(tryLock(holder), true);
  closeSync(holder);
  assert.equal(tryLock(open(t, path)), true);
});

test('a lock of a process that was killed is free', async (t) => {
  const path = makeFile(t);
  const script = `
    import { openSync } from 'node:fs';
    import { tryLock } from ${JSON.stringify(new URL('../../../shared/linux/flock.ts', import.meta.url).href)};
    console.log(tryLock(openSync(${JSON.stringify(path)}, 'r')));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  assert.equal(String(said).trim(), 'true');
  const fd = open(t, path);
  assert.equal(tryLock(fd), false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(tryLock(fd), true);
});

test('what cannot be locked is told as node:fs tells it', () => {
  assert.throws(() => tryLock(-1), { code: 'EBADF', syscall: 'flock' });
});
