import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { decodeName } from '../../../../shared/archives/zip/member-name.ts';

const DOS = 0;
const UNIX = 3;
const UTF8 = 0x800;
const none: ReadonlyMap<number, Buffer> = new Map();

test('a name is UTF-8 where the flag says so, whoever wrote it', () => {
  const bytes = Buffer.from('ü🙂');
  for (const madeBy of [DOS, UNIX])
    assert.equal(decodeName(bytes, { flags: UTF8, madeBy, fields: none }), 'ü🙂');
  assert.equal(decodeName(Buffer.from([0x61, 0xff]), { flags: UTF8, madeBy: UNIX, fields: none }), 'a\ufffd');
});

test('a name without the flag is CP437, or UTF-8 where a program on Unix wrote what is UTF-8', () => {
  const cp437 = Buffer.from([0x81, 0x84, 0x2f, 0xe1, 0xff]);
  assert.equal(decodeName(cp437, { flags: 0, madeBy: DOS, fields: none }), 'üä/ß\u00a0');
  assert.equal(decodeName(cp437, { flags: 0, madeBy: UNIX, fields: none }), 'üä/ß\u00a0');
  assert.equal(decodeName(Buffer.from('ü'), { flags: 0, madeBy: UNIX, fields: none }), 'ü');
  assert.equal(decodeName(Buffer.from('ü'), { flags: 0, madeBy: DOS, fields: none }), '├╝');
});

test("Info-ZIP's second name counts where it belongs to the first", () => {
  const bytes = Buffer.from('x?');
  const field = (crc: number) => {
    const head = Buffer.alloc(5, 1);
    head.writeUInt32LE(crc, 1);
    return new Map([[0x7075, Buffer.concat([head, Buffer.from('xü')])]]);
  };
  assert.equal(decodeName(bytes, { flags: 0, madeBy: DOS, fields: field(crc32(bytes)) }), 'xü');
  assert.equal(decodeName(bytes, { flags: 0, madeBy: DOS, fields: field(1) }), 'x?');
});
