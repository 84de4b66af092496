import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Directories, DurableDirectories } from '../../../apps/worker/directories.ts';
import { type BytePath, fromText, join, toBytes } from '../../../shared/fs/byte-path.ts';
import { tempDir } from '../../support/temp.ts';

/** A directory that is known, and where another name for it would be. */
function known(t: TestContext): { durable: DurableDirectories; directory: BytePath; aside: BytePath } {
  const root = fromText(tempDir(t));
  const [directory, aside] = [join(root, 'a'), join(root, 'aside')];
  mkdirSync(toBytes(directory));
  const durable = new DurableDirectories();
  durable.add(directory);
  return { durable, directory, aside };
}

test('a directory is known once it was added, and until then it is not', (t) => {
  const { durable, directory, aside } = known(t);
  mkdirSync(toBytes(aside));
  assert.deepEqual([durable.has(directory), durable.has(aside)], [true, false]);
});

test('a known directory whose files come and go stays known', (t) => {
  const { durable, directory } = known(t);
  writeFileSync(toBytes(join(directory, 'file')), '');
  mkdirSync(toBytes(join(directory, 'sub')));
  assert.ok(durable.has(directory));
});

/** The known one is moved and not removed, so that its inode cannot be given to the one that takes its name. */
const REPLACED: Record<string, (directory: BytePath, aside: BytePath) => void> = {
  'was removed': (directory) => rmdirSync(toBytes(directory)),
  'was made anew by somebody else': (directory, aside) => {
    renameSync(toBytes(directory), toBytes(aside));
    mkdirSync(toBytes(directory));
  },
  'is a file by now': (directory, aside) => {
    renameSync(toBytes(directory), toBytes(aside));
    writeFileSync(toBytes(directory), '');
  },
  'is a link to where it was moved': (directory, aside) => {
    renameSync(toBytes(directory), toBytes(aside));
    symlinkSync(toBytes(aside), toBytes(directory));
  },
};

for (const [what, replace] of Object.entries(REPLACED)) {
  test(`a directory that ${what} is not known by its name`, (t) => {
    const { durable, directory, aside } = known(t);
    replace(directory, aside);
    assert.equal(durable.has(directory), false);
  });
}

test('a directory that was made anew is known once it is added again, and the old one is not when it comes back', (t) => {
  const { durable, directory, aside } = known(t);
  renameSync(toBytes(directory), toBytes(aside));
  mkdirSync(toBytes(directory));
  durable.add(directory);
  assert.ok(durable.has(directory));
  renameSync(toBytes(aside), toBytes(directory));
  assert.equal(durable.has(directory), false);
});

test('a link to a directory is never known: what it leads to can change and the link stays', (t) => {
  const { durable, directory, aside } = known(t);
  symlinkSync(toBytes(directory), toBytes(aside));
  durable.add(aside);
  assert.equal(durable.has(aside), false);
});

test('what is not there cannot be made known', (t) => {
  const { durable, aside } = known(t);
  durable.add(aside);
  mkdirSync(toBytes(aside));
  assert.equal(durable.has(aside), false);
});

test('what one batch made is known to the next, which makes it again where it was removed in between', (t) => {
  const root = fromText(tempDir(t));
  const directory = join(root, 'a/b');
  const durable = new DurableDirectories();
  const make = () => new Directories(durable).make(root, join(directory, 'file'));
  make();
  assert.ok(durable.has(directory));
  rmdirSync(toBytes(directory));
  rmdirSync(toBytes(join(root, 'a')));
  make();
  assert.ok(existsSync(toBytes(directory)));
  assert.ok(durable.has(directory));
});

test('a directory that was removed while a batch is at work is made anew by it once it is told', (t) => {
  const root = fromText(tempDir(t));
  const path = join(root, 'a/file');
  const directories = new Directories();
  directories.make(root, path);
  rmdirSync(toBytes(join(root, 'a')));
  directories.forget(path);
  directories.make(root, path);
  assert.ok(existsSync(toBytes(join(root, 'a'))));
});
