import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import {
  type DirectoryEntry,
  dataOffsetOf,
  readDirectory,
  readDirectoryEnd,
  readEntryAt,
} from '../../../../shared/archives/zip/read-directory.ts';
import { ZipFault } from '../../../../shared/archives/zip/zip-fault.ts';
import { tempDir } from '../../../support/temp.ts';
import { buildZip, type Member, memberOf, opened, RANDOM } from './build-zip.ts';

const MEMBERS = [
  memberOf('a.txt', 'hello'),
  memberOf('dir/ü\n.bin', Buffer.alloc(100_000, 'abc'), { mode: 0o100755, mtimeMs: 1_234_567_890_123 }),
  memberOf('empty', '', { store: true }),
];

const read = (context: TestContext, bytes: Buffer): DirectoryEntry[] => {
  const { fd, sizeBytes } = opened(context, join(tempDir(context), 'a.zip'), bytes);
  return [...readDirectory(fd, readDirectoryEnd(fd, sizeBytes))];
};

const factsOf = ({ name, method, crc32, sizeBytes, packedBytes, mtimeMs, mode, sha256 }: DirectoryEntry) => ({
  ...{ name, method, crc32, sizeBytes, packedBytes, mtimeMs, mode, sha256 },
});

const isFault = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ZipFault, String(error));
  assert.equal(error.code, 'archive.zip');
  assert.match(error.message, pattern);
  return true;
};

test('what was written is read again, from any position, with its comment', (context) => {
  const { bytes, offsets, directoryOffset } = buildZip(MEMBERS, 'Wharfinger: volume 2 of ä.zip');
  const { fd, sizeBytes } = opened(context, join(tempDir(context), 'a.zip'), bytes);
  const end = readDirectoryEnd(fd, sizeBytes);
  assert.deepEqual([end.entries, end.directoryOffset, end.baseOffset], [3, directoryOffset, 0]);
  assert.equal(end.comment, 'Wharfinger: volume 2 of ä.zip');
  const entries = [...readDirectory(fd, end)];
  assert.deepEqual(
    entries.map(factsOf),
    MEMBERS.map(({ facts }) => facts),
  );
  assert.deepEqual(
    entries.map(({ headerOffset }) => headerOffset),
    offsets,
  );
  for (const entry of entries) {
    assert.deepEqual(readEntryAt(fd, end, entry.entryOffset), entry);
    assert.equal(entry.random, undefined);
  }
});

test('a staging archive says its random part in each entry', (context) => {
  const entries = read(context, buildZip(MEMBERS, '', RANDOM).bytes);
  assert.deepEqual(
    entries.map(({ random }) => random),
    [RANDOM, RANDOM, RANDOM],
  );
});

test('any facts of a member are read as they were written, also those that need zip64', (context) => {
  const directory = tempDir(context);
  const { fd } = opened(context, join(directory, 'none'), Buffer.alloc(0));
  assert.throws(() => readDirectoryEnd(fd, 0), isFault(/no directory/));
  const size = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 45 }),
    fc.integer({ min: 2 ** 32 - 2 ** 17, max: 2 ** 32 + 9 }),
  );
  const facts = fc.record(
    {
      name: fc.string({ minLength: 1, unit: 'grapheme' }),
      method: fc.constantFrom(0 as const, 8 as const),
      crc32: fc.integer({ min: 0, max: 0xffffffff }),
      sizeBytes: size,
      packedBytes: size,
      mtimeMs: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
      mode: fc.integer({ min: 0, max: 0o177777 }),
      sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
    },
    { noNullPrototype: true },
  );
  let file = 0;
  fc.assert(
    fc.property(facts, (made) => {
      const member = { facts: made, packed: Buffer.alloc(0), content: Buffer.alloc(0) };
      const path = join(directory, `${file++}.zip`);
      const { fd, sizeBytes } = opened(context, path, buildZip([member, member]).bytes);
      for (const entry of readDirectory(fd, readDirectoryEnd(fd, sizeBytes)))
        assert.deepEqual(factsOf(entry), made);
    }),
    { numRuns: 50 },
  );
});

test('70,000 members are counted by zip64', (context) => {
  const member = memberOf('x', 'x', { store: true });
  const members: Member[] = Array.from({ length: 70_000 }, (_, index) => ({
    ...member,
    facts: { ...member.facts, name: `x${index}` },
  }));
  const entries = read(context, buildZip(members).bytes);
  assert.deepEqual([entries.length, entries.at(-1)?.name], [70_000, 'x69999']);
});

test('what was put before an archive moves all that it says', (context) => {
  const bytes = Buffer.concat([Buffer.from('#!/bin/sh\n'), buildZip(MEMBERS).bytes]);
  const { fd, sizeBytes } = opened(context, join(tempDir(context), 'a.zip'), bytes);
  const end = readDirectoryEnd(fd, sizeBytes);
  assert.equal(end.baseOffset, 10);
  const [first] = readDirectory(fd, end);
  assert.equal(first?.headerOffset, 10);
  assert.ok(first !== undefined && dataOffsetOf(fd, first) > 40);
});

test('a file that is cut anywhere, or goes on behind its end, is a fault', (context) => {
  const directory = tempDir(context);
  const { bytes } = buildZip(MEMBERS.slice(0, 1));
  const { fd } = opened(context, join(directory, 'a.zip'), bytes);
  for (let size = 0; size < bytes.length; size += 1)
    assert.throws(() => readDirectoryEnd(fd, size), ZipFault);
  assert.throws(() => read(context, Buffer.concat([bytes, Buffer.from('!')])), isFault(/no directory/));
});

test('a byte flipped in the directory is a fault, or another archive, and never anything else', (context) => {
  const directory = tempDir(context);
  const { bytes, directoryOffset } = buildZip(MEMBERS);
  for (let at = directoryOffset; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 0xff;
    const { fd, sizeBytes } = opened(context, join(directory, `${at}.zip`), flipped);
    try {
      for (const entry of readDirectory(fd, readDirectoryEnd(fd, sizeBytes))) dataOffsetOf(fd, entry);
    } catch (error) {
      isFault(/./)(error);
    }
  }
});

test('counts and sizes that do not fit what is there are faults', (context) => {
  const { bytes } = buildZip(MEMBERS);
  const end = bytes.length - 22;
  const changed = (change: (copy: Buffer) => void) => {
    const copy = Buffer.from(bytes);
    change(copy);
    return () => read(context, copy);
  };
  assert.throws(
    changed((copy) => copy.writeUInt16LE(4, end + 10)),
    isFault(/no entry/),
  );
  assert.throws(
    changed((copy) => copy.writeUInt16LE(2, end + 10)),
    isFault(/directory of/),
  );
  assert.throws(
    changed((copy) => copy.writeUInt32LE(0xfffffff0, end + 16)),
    isFault(/over its own end/),
  );
  assert.throws(
    changed((copy) => copy.writeUInt16LE(1, end + 4)),
    isFault(/several disks/),
  );
});

test('a local header that says something else than the directory is a fault', (context) => {
  const directory = tempDir(context);
  const { bytes } = buildZip(MEMBERS.slice(0, 1));
  const fault = (name: string, change: (copy: Buffer) => void) => {
    const copy = Buffer.from(bytes);
    change(copy);
    const { fd, sizeBytes } = opened(context, join(directory, name), copy);
    const [entry] = readDirectory(fd, readDirectoryEnd(fd, sizeBytes));
    assert.ok(entry !== undefined);
    assert.throws(() => dataOffsetOf(fd, entry), isFault(new RegExp(name)));
  };
  fault('another name', (copy) => copy.write('b', 30));
  fault('another method', (copy) => copy.writeUInt16LE(0, 8));
  fault('another CRC', (copy) => copy.writeUInt32LE(0, 14));
  fault('another size', (copy) => copy.writeUInt32LE(9, 22));
  fault('another encryption', (copy) => copy.writeUInt16LE(1, 6));
  fault('no local header', (copy) => copy.writeUInt32LE(0, 0));
  fault('into the directory', (copy) => copy.writeUInt16LE(copy.readUInt16LE(28) + 1, 28));
});
