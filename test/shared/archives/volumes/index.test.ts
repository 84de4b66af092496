import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildIndex } from '../../../../shared/archives/volumes/build-index.ts';
import { encodeIndex, IndexFault, IndexFile } from '../../../../shared/archives/volumes/index-file.ts';
import { memoryIndex } from '../../../../shared/archives/volumes/memory-index.ts';
import { compareKeys, keyOf, type NameIndex } from '../../../../shared/archives/volumes/name-key.ts';
import { readDirectoryEnd, readEntryAt } from '../../../../shared/archives/zip/read-directory.ts';
import { ZipFault } from '../../../../shared/archives/zip/zip-fault.ts';
import { tempDir } from '../../../support/temp.ts';
import { foreignZip } from '../scavenger/foreign-zip.ts';
import { opened } from '../zip/build-zip.ts';

const FACTS = { ino: 17n, size: 1_000_000_000n, mtimeNs: 1_700_000_000_000_000_001n };

const drain = <Result>(steps: Generator<undefined, Result>): Result => {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

test('each name of a volume is found by its index, in memory and in the file, and no other', (t) => {
  const directory = tempDir(t);
  // One name very often, so that its records reach over blocks.
  const names = [
    ...Array.from({ length: 3000 }, (_, number) => `name-${number}`),
    ...Array(600).fill('again'),
  ];
  const zip = foreignZip(names.map((name) => ({ name, content: '' })));
  const { fd, sizeBytes } = opened(t, join(directory, 'a.zip'), zip);
  const end = readDirectoryEnd(fd, sizeBytes);
  const records = drain(buildIndex(fd, end));
  const file = join(directory, '1.idx');
  writeFileSync(file, encodeIndex(records, FACTS, end));
  const fromFile = IndexFile.open(file, FACTS);
  assert.ok(fromFile);
  assert.deepEqual(fromFile.end, end);
  const namesOf = (index: NameIndex, wanted: string[]): string[] => {
    const found: string[] = [];
    index.lookup(wanted.map(keyOf).toSorted(compareKeys), (_, entryOffset) =>
      found.push(readEntryAt(fd, end, entryOffset).name),
    );
    return found.toSorted();
  };
  for (const index of [memoryIndex(records), fromFile]) {
    assert.deepEqual(namesOf(index, [...new Set(names)]), names.toSorted());
    assert.deepEqual(namesOf(index, ['name-7', 'missing', 'name-2999']), ['name-2999', 'name-7']);
    assert.equal(namesOf(index, ['again']).length, 600);
    assert.deepEqual(namesOf(index, ['missing']), []);
  }
});

test('an index of another volume, of a changed one, or one that was cut, is none', (t) => {
  const directory = tempDir(t);
  const { fd, sizeBytes } = opened(
    t,
    join(directory, 'a.zip'),
    foreignZip([{ name: 'one', content: 'one' }]),
  );
  const end = readDirectoryEnd(fd, sizeBytes);
  const file = join(directory, '1.idx');
  const whole = encodeIndex(drain(buildIndex(fd, end)), FACTS, end);
  assert.equal(IndexFile.open(file, FACTS), undefined);
  writeFileSync(file, whole);
  assert.ok(IndexFile.open(file, FACTS));
  for (const changed of [{ ino: 18n }, { size: 2n }, { mtimeNs: 5n }])
    assert.equal(IndexFile.open(file, { ...FACTS, ...changed }), undefined);
  for (let bytes = 0; bytes < 76; bytes += 1) {
    writeFileSync(file, whole.subarray(0, bytes));
    assert.equal(IndexFile.open(file, FACTS), undefined, `${bytes} bytes`);
  }
});

test('a byte of an index that is another is found out, wherever it is', (t) => {
  const directory = tempDir(t);
  const names = Array.from({ length: 20 }, (_, number) => `${number}`);
  const zip = foreignZip(names.map((name) => ({ name, content: '' })));
  const { fd, sizeBytes } = opened(t, join(directory, 'a.zip'), zip);
  const end = readDirectoryEnd(fd, sizeBytes);
  const file = join(directory, '1.idx');
  writeFileSync(file, encodeIndex(drain(buildIndex(fd, end)), FACTS, end));
  const whole = readFileSync(file);
  for (let at = 0; at < whole.length; at += 1) {
    const spoiled = Buffer.from(whole);
    spoiled.writeUInt8(spoiled.readUInt8(at) ^ 0x40, at);
    writeFileSync(file, spoiled);
    const index = IndexFile.open(file, FACTS);
    if (index !== undefined) assert.throws(() => index.lookup(names.map(keyOf), () => undefined), IndexFault);
  }
});

test('a directory that says that it has more than fits is refused before memory is asked for', (t) => {
  const { fd, sizeBytes } = opened(
    t,
    join(tempDir(t), 'a.zip'),
    foreignZip([{ name: 'one', content: 'one' }]),
  );
  const end = { ...readDirectoryEnd(fd, sizeBytes), entries: 2 ** 50 };
  assert.throws(() => drain(buildIndex(fd, end)), ZipFault);
});
