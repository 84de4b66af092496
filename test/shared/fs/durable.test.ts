import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type BytePath, fromText, join, toBytes } from '../../../shared/fs/byte-path.ts';
import { fsyncDirectory, makeDirectoryDurable } from '../../../shared/fs/durable.ts';
import { tempDir } from '../../support/temp.ts';

const isDirectory = (path: BytePath): boolean => statSync(toBytes(path)).isDirectory();

test('all that is missing below the root is made, and made again does nothing', (t) => {
  const root = fromText(tempDir(t));
  const deep = join(root, 'ingest_date=2026-01-02/a/b');
  makeDirectoryDurable(root, deep);
  assert.ok(isDirectory(deep));
  writeFileSync(join(deep, 'file'), '');
  makeDirectoryDurable(root, deep);
  makeDirectoryDurable(root, join(root, 'ingest_date=2026-01-02'));
  assert.deepEqual(readdirSync(deep), ['file']);
});

test('the root itself is never made, and nothing is made where it is missing', (t) => {
  const root = join(fromText(tempDir(t)), 'missing');
  assert.throws(() => makeDirectoryDurable(root, join(root, 'a/b')), { code: 'ENOENT' });
  makeDirectoryDurable(root, root);
  assert.ok(!existsSync(root));
});

test('a directory that is not below the root is a defect', (t) => {
  const root = fromText(tempDir(t));
  assert.throws(() => makeDirectoryDurable(join(root, 'a'), join(root, 'ab')), /not below/);
  assert.ok(!existsSync(join(root, 'ab')));
});

test('names of any bytes and of the greatest length are made', (t) => {
  const root = fromText(tempDir(t));
  const deep = join(root, `${'\xff'.repeat(255)}/new\nline/\xe4`);
  makeDirectoryDurable(root, deep);
  assert.ok(isDirectory(deep));
});

test('a file in the place of a directory is ENOTDIR, at whatever depth', (t) => {
  const root = fromText(tempDir(t));
  writeFileSync(join(root, 'file'), '');
  const error = { code: 'ENOTDIR', path: `${root}/file` };
  assert.throws(() => makeDirectoryDurable(root, join(root, 'file')), error);
  assert.throws(() => makeDirectoryDurable(root, join(root, 'file/a/b')), error);
});

test('a symlink to a directory will do, a dangling one is an error', (t) => {
  const root = fromText(tempDir(t));
  mkdirSync(join(root, 'target'));
  symlinkSync('target', join(root, 'link'));
  symlinkSync('nowhere', join(root, 'dangling'));
  makeDirectoryDurable(root, join(root, 'link/a'));
  assert.ok(isDirectory(join(root, 'target/a')));
  assert.throws(() => makeDirectoryDurable(root, join(root, 'dangling')), { code: 'ENOTDIR' });
  assert.throws(() => makeDirectoryDurable(root, join(root, 'dangling/a')), { code: 'ENOTDIR' });
});

test('what is known is left out, and noticed when it was removed', (t) => {
  const root = fromText(tempDir(t));
  const known = new Set<BytePath>();
  makeDirectoryDurable(root, join(root, 'a/b'), known);
  assert.deepEqual([...known], [join(root, 'a'), join(root, 'a/b')]);
  rmSync(join(root, 'a'), { recursive: true });
  makeDirectoryDurable(root, join(root, 'a/b/c'), known);
  assert.ok(isDirectory(join(root, 'a/b/c')));
  assert.ok(known.has(join(root, 'a/b/c')));
});

test('only a directory can be fsynced as one', (t) => {
  const root = fromText(tempDir(t));
  writeFileSync(join(root, 'file'), '');
  fsyncDirectory(root);
  assert.throws(() => fsyncDirectory(join(root, 'file')), { code: 'ENOTDIR' });
  assert.throws(() => fsyncDirectory(join(root, 'missing')), { code: 'ENOENT' });
});
