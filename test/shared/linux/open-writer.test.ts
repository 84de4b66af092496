import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, closeSync, constants, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasOpenWriter, ignoreLeaseSignal } from '../../../shared/linux/open-writer.ts';
import { cannotMount } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';
import { MountPlaces } from './mount-places.ts';

function fileIn(directory: string): string {
  const path = join(directory, 'file');
  writeFileSync(path, 'content');
  return path;
}

function open(t: TestContext, path: string, flags: string | number = 'r'): number {
  const fd = openSync(path, flags);
  t.after(() => {
    try {
      closeSync(fd);
    } catch {
      // Closed by the test.
    }
  });
  return fd;
}

test('a file that somebody writes to has an open writer until he closes it', (t) => {
  const path = fileIn(tempDir(t));
  const reader = open(t, path);
  assert.equal(hasOpenWriter(reader), 'no');
  const [first, second] = [openSync(path, 'a'), openSync(path, 'r+')];
  assert.equal(hasOpenWriter(reader), 'yes');
  closeSync(first);
  assert.equal(hasOpenWriter(reader), 'yes');
  closeSync(second);
  assert.equal(hasOpenWriter(reader), 'no');
});

test('other readers are no writers', (t) => {
  const path = fileIn(tempDir(t));
  const [reader, other] = [open(t, path), open(t, path)];
  assert.equal(hasOpenWriter(reader), 'no');
  assert.equal(hasOpenWriter(other), 'no');
});

test('no lease is left behind: a writer that comes after the question is let in at once', (t) => {
  const path = fileIn(tempDir(t));
  const reader = open(t, path);
  assert.equal(hasOpenWriter(reader), 'no');
  // With a lease held, this would be EAGAIN.
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  closeSync(writer);
});

test('a writer is seen through a rename, and after the name is gone', (t) => {
  const path = fileIn(tempDir(t));
  const writer = openSync(path, 'a');
  renameSync(path, `${path}.1`);
  const reader = open(t, `${path}.1`);
  assert.equal(hasOpenWriter(reader), 'yes');
  unlinkSync(`${path}.1`);
  assert.equal(hasOpenWriter(reader), 'yes');
  closeSync(writer);
  assert.equal(hasOpenWriter(reader), 'no');
});

test('a writer by another mount of the same file is seen', { skip: cannotMount() ?? false }, (t) => {
  const places = new MountPlaces(t);
  const path = fileIn(places.directory);
  const mounted = places.bind(places.directory, 'mounted');
  const writer = openSync(join(mounted, 'file'), 'a');
  try {
    assert.equal(hasOpenWriter(open(t, path)), 'yes');
  } finally {
    closeSync(writer);
  }
});

test('a refusal on a file system whose leases a server gives is no sign of a writer', (t) => {
  const path = fileIn(tempDir(t));
  const reader = open(t, path);
  const on = (name: string) => () => ({ magic: 0, name, isNetwork: true });
  const writer = openSync(path, 'a');
  for (const name of ['nfs', 'cifs', 'smb3']) assert.equal(hasOpenWriter(reader, on(name)), 'unknown');
  assert.equal(hasOpenWriter(reader, on('fuse.sshfs')), 'yes');
  closeSync(writer);
  assert.equal(hasOpenWriter(reader, on('nfs')), 'no');
});

test('where no lease can be had the answer is unknown', (t) => {
  const directory = tempDir(t);
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  const fifo = open(t, join(directory, 'fifo'), constants.O_RDONLY | constants.O_NONBLOCK);
  assert.equal(hasOpenWriter(fifo), 'unknown');
  assert.equal(hasOpenWriter(open(t, directory)), 'unknown');
  assert.equal(hasOpenWriter(99_999), 'unknown');
});

test("another user's file is unknown to one without CAP_LEASE, his own is not", {
  skip: process.getuid?.() === 0 ? false : 'becoming another user needs root',
}, (t) => {
  const directory = tempDir(t);
  const others = open(t, fileIn(directory));
  writeFileSync(join(directory, 'own'), '');
  chownSync(join(directory, 'own'), 65_534, 65_534);
  const own = open(t, join(directory, 'own'));
  process.seteuid?.(65_534);
  try {
    assert.equal(hasOpenWriter(others), 'unknown');
    assert.equal(hasOpenWriter(own), 'no');
  } finally {
    process.seteuid?.(0);
  }
});

test('the signal of a broken lease is handled once, however often it is asked for', () => {
  ignoreLeaseSignal();
  ignoreLeaseSignal();
  assert.equal(process.listenerCount('SIGIO'), 1);
});
