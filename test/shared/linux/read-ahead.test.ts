import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readAheadHint } from '../../../shared/linux/read-ahead.ts';
import { tempDir } from '../../support/temp.ts';

function opened(t: TestContext, path: string, flags: number): number {
  const fd = openSync(path, flags);
  t.after(() => closeSync(fd));
  return fd;
}

function fileWith(t: TestContext, content: string): string {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, content);
  return path;
}

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;
/** Of Linux on x86-64 and arm64; Node has no name for it. */
const O_PATH = 0o10000000;

/** More bytes than the file has, too: it may be cut after it was looked at. */
for (const bytes of [0, 7, 1_000_000, 2 ** 40]) {
  test(`a file is read from its beginning as ever after its first ${bytes} bytes were asked for`, (t) => {
    const fd = opened(t, fileWith(t, 'content'), O_RDONLY);
    readAheadHint(fd, bytes);
    assert.equal(readFileSync(fd, 'utf8'), 'content');
  });
}

test('a descriptor that cannot be read from is no error, and the file stays as it is', (t) => {
  const path = fileWith(t, 'content');
  for (const flags of [O_WRONLY, O_PATH]) readAheadHint(opened(t, path, flags), 7);
  assert.equal(readFileSync(path, 'utf8'), 'content');
});

test('a descriptor that is not open is no error', () => {
  for (const fd of [-1, 999_999]) for (const bytes of [0, 7]) readAheadHint(fd, bytes);
});

test('what is no file is no error: a directory, and a pipe, which keeps what is in it', (t) => {
  const directory = tempDir(t);
  readAheadHint(opened(t, directory, O_RDONLY), 7);
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const pipe = opened(t, path, O_RDWR | O_NONBLOCK);
  writeSync(pipe, 'content');
  readAheadHint(pipe, 7);
  const read = Buffer.alloc(20);
  assert.equal(read.toString('utf8', 0, readSync(pipe, read)), 'content');
});
