import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { errnoOf } from '../../../shared/errors.ts';
import { type BytePath, fromText, join, toBytes } from '../../../shared/fs/byte-path.ts';
import { renameNoReplace } from '../../../shared/linux/rename.ts';
import { cannotMount } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';
import { MountPlaces } from './mount-places.ts';

const needsMounts = { skip: cannotMount() ?? false };

const at = (directory: string, name: string): BytePath => join(fromText(directory), name);

test('a renamed file is the same inode under its new name alone', (t) => {
  const directory = tempDir(t);
  const [from, to] = [at(directory, 'from'), at(directory, 'to')];
  writeFileSync(from, 'content');
  const { ino } = lstatSync(from);
  renameNoReplace(from, to);
  assert.equal(lstatSync(to).ino, ino);
  assert.deepEqual(readdirSync(directory), ['to']);
});

test('a name that is taken, even by an empty file or a dangling symlink, is never replaced', (t) => {
  const directory = tempDir(t);
  const from = at(directory, 'from');
  writeFileSync(from, 'new');
  writeFileSync(at(directory, 'file'), '');
  symlinkSync('nowhere', at(directory, 'link'));
  mkdirSync(at(directory, 'directory'));
  for (const name of ['file', 'link', 'directory', 'from']) {
    assert.throws(() => renameNoReplace(from, at(directory, name)), { code: 'EEXIST' });
  }
  assert.equal(readFileSync(from, 'utf8'), 'new');
  assert.equal(readFileSync(at(directory, 'file'), 'utf8'), '');
  assert.ok(lstatSync(at(directory, 'link')).isSymbolicLink());
});

test('a symlink is renamed itself', (t) => {
  const directory = tempDir(t);
  symlinkSync('nowhere', at(directory, 'link'));
  renameNoReplace(at(directory, 'link'), at(directory, 'moved'));
  assert.ok(lstatSync(at(directory, 'moved')).isSymbolicLink());
});

test('errors look as those of node:fs, with the paths as text', (t) => {
  const directory = tempDir(t);
  const [from, to] = [at(directory, fromText('fehlt-ä')), at(directory, 'to')];
  let error: unknown;
  try {
    renameNoReplace(from, to);
  } catch (caught) {
    error = caught;
  }
  assert.ok(error instanceof Error);
  assert.equal(errnoOf(error), 'ENOENT');
  assert.equal(
    error.message,
    `ENOENT: no such file or directory, rename '${directory}/fehlt-ä' -> '${directory}/to'`,
  );
  assert.deepEqual(
    { ...error },
    {
      errno: -2,
      code: 'ENOENT',
      syscall: 'rename',
      path: `${directory}/fehlt-ä`,
      dest: `${directory}/to`,
    },
  );
});

test('a directory that is missing, a file in its place, and a name too long are told apart', (t) => {
  const directory = tempDir(t);
  const from = at(directory, 'from');
  writeFileSync(from, '');
  assert.throws(() => renameNoReplace(from, at(directory, 'missing/to')), { code: 'ENOENT' });
  assert.throws(() => renameNoReplace(from, at(directory, 'from/to')), { code: 'ENOTDIR' });
  assert.throws(() => renameNoReplace(from, at(directory, 'x'.repeat(256))), { code: 'ENAMETOOLONG' });
  mkdirSync(at(directory, 'a'));
  assert.throws(() => renameNoReplace(at(directory, 'a'), at(directory, 'a/b')), { code: 'EINVAL' });
  assert.ok(existsSync(from));
});

test('names of any bytes and of the greatest length are renamed', (t) => {
  const directory = tempDir(t);
  for (const name of ['\xff\xfe\x80', 'new\nline', '\x01\x7f', ' ', '-rf', 'ä'.repeat(255), '%s\\']) {
    const to = at(directory, `${name.slice(0, 254)}!`);
    const from = at(directory, name);
    writeFileSync(toBytes(from), name, 'latin1');
    renameNoReplace(from, to);
    assert.equal(readFileSync(toBytes(to), 'latin1'), name);
    assert.ok(!existsSync(toBytes(from)));
  }
});

test('another file system is EXDEV', needsMounts, (t) => {
  const places = new MountPlaces(t);
  const { directory } = places;
  const mounted = places.tmpfs('mounted');
  const from = at(directory, 'from');
  writeFileSync(from, '');
  assert.throws(() => renameNoReplace(from, at(mounted, 'to')), { code: 'EXDEV', syscall: 'rename' });
  assert.ok(existsSync(from));
});

test(
  'another mount of the same file system is EXDEV, though the device number is equal',
  needsMounts,
  (t) => {
    const places = new MountPlaces(t);
    const { directory } = places;
    mkdirSync(`${directory}/source`);
    const mounted = places.bind(`${directory}/source`, 'mounted');
    const from = at(directory, 'from');
    writeFileSync(from, '');
    assert.equal(lstatSync(mounted).dev, lstatSync(directory).dev);
    assert.throws(() => renameNoReplace(from, at(mounted, 'to')), { code: 'EXDEV' });
  },
);
