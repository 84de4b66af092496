import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BytePath, fromText, join as joinBytes, toBytes } from '../../../shared/fs/byte-path.ts';
import { DirectoryReader, type EntryType } from '../../../shared/linux/directory-reader.ts';
import { tempDir } from '../../support/temp.ts';

function readAll(directory: BytePath): { entries: [string, EntryType][]; blocks: number } {
  using reader = new DirectoryReader(directory);
  const entries: [string, EntryType][] = [];
  let blocks = 0;
  while (reader.readBlock((name, type) => entries.push([name, type]))) blocks += 1;
  return { entries: entries.sort(([a], [b]) => (a < b ? -1 : 1)), blocks };
}

test('names come with their types, without the directory itself and its parent', (t) => {
  const directory = tempDir(t);
  writeFileSync(join(directory, 'file'), '');
  writeFileSync(join(directory, '...'), '');
  writeFileSync(join(directory, '.hidden'), '');
  mkdirSync(join(directory, 'directory'));
  symlinkSync('file', join(directory, 'link'));
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  assert.deepEqual(readAll(fromText(directory)).entries, [
    ['...', 'file'],
    ['.hidden', 'file'],
    ['directory', 'directory'],
    ['fifo', 'other'],
    ['file', 'file'],
    ['link', 'other'],
  ]);
});

test('an empty directory has no names', (t) => {
  assert.deepEqual(readAll(fromText(tempDir(t))), { entries: [], blocks: 1 });
});

test('names are bytes of any kind, up to 255 of them', (t) => {
  const directory = fromText(tempDir(t));
  const names = ['\n', '\xc3\xa4', '\xe4', '\xff\xfe', 'a'.repeat(255), '\xff'.repeat(255)];
  for (const name of names) writeFileSync(toBytes(joinBytes(directory, name)), '');
  assert.deepEqual(
    readAll(directory).entries.map(([name]) => name),
    names.sort(),
  );
});

test('a large directory comes in several blocks, each name once', (t) => {
  const directory = tempDir(t);
  const count = 3000;
  for (let i = 0; i < count; i += 1) writeFileSync(join(directory, `${i}-${'x'.repeat(60)}`), '');
  const { entries, blocks } = readAll(fromText(directory));
  assert.ok(blocks > 1);
  assert.equal(new Set(entries.map(([name]) => name)).size, count);
  assert.equal(entries.length, count);
});

test('what is not a directory, or only a symlink to one, is not opened', (t) => {
  const directory = tempDir(t);
  writeFileSync(join(directory, 'file'), '');
  symlinkSync('.', join(directory, 'link'));
  const open = (name: string) => () => new DirectoryReader(fromText(join(directory, name)));
  assert.throws(open('file'), { code: 'ENOTDIR' });
  assert.throws(open('link'), { code: 'ENOTDIR' });
  assert.throws(open('missing'), { code: 'ENOENT' });
  using reader = new DirectoryReader(fromText(`${directory}/link/.`));
  assert.ok(reader.readBlock(() => undefined));
});

test('disposing twice closes once', (t) => {
  const reader = new DirectoryReader(fromText(tempDir(t)));
  reader[Symbol.dispose]();
  reader[Symbol.dispose]();
  assert.throws(() => reader.readBlock(() => undefined), { code: 'EBADF' });
});
