import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  basename,
  dirname,
  fromBytes,
  fromText,
  isUtf8,
  isWithin,
  join,
  relativeTo,
  toBytes,
  toCString,
  toText,
} from '../../../shared/fs/byte-path.ts';

test('text and bytes survive the way there and back', () => {
  for (const text of ['/a', '/ä/名/🐠', '/new\nline', '']) {
    assert.equal(toText(fromText(text)), text);
    assert.deepEqual(toBytes(fromText(text)), Buffer.from(text));
    assert.ok(isUtf8(fromText(text)));
  }
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  assert.deepEqual(toBytes(fromBytes(all)), all);
  assert.deepEqual(
    toBytes(fromBytes(new Uint8Array(all.buffer, all.byteOffset + 250, 3))),
    all.subarray(250, 253),
  );
});

test('what is not UTF-8 is shown with replacements, and known as such', () => {
  const path = fromBytes(Buffer.from([0x2f, 0xff, 0x61]));
  assert.equal(toText(path), '/\ufffda');
  assert.equal(isUtf8(path), false);
  // The replacement character itself is UTF-8.
  assert.ok(isUtf8(fromText('/\ufffd')));
});

test('a string for libc ends with one NUL', () => {
  assert.deepEqual(toCString(fromText('/ä')), Buffer.from([0x2f, 0xc3, 0xa4, 0]));
});

test('paths are taken apart and put together at slashes', () => {
  const path = fromText('/a/ä/c.txt');
  assert.equal(join(dirname(path), basename(path)), path);
  assert.equal(toText(dirname(path)), '/a/ä');
  assert.equal(dirname(fromText('/a')), '/');
  assert.equal(dirname(fromText('/')), '/');
  assert.equal(join(fromText('/'), 'a'), '/a');
  assert.equal(toText(relativeTo(fromText('/a'), path)), 'ä/c.txt');
  assert.equal(relativeTo(fromText('/'), fromText('/a/b')), 'a/b');
  assert.equal(relativeTo(path, path), '');
});

test('a directory holds what is below it, not what only begins with its name', () => {
  const isIn = (directory: string, path: string) => isWithin(fromText(directory), fromText(path));
  assert.ok(isIn('/a', '/a'));
  assert.ok(isIn('/a', '/a/b'));
  assert.ok(isIn('/', '/a'));
  assert.ok(!isIn('/a', '/ab'));
  assert.ok(!isIn('/a/b', '/a'));
});
