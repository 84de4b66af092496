import assert from 'node:assert/strict';
import { ftruncateSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { DecompressionError } from '../../../../../../apps/worker/handlers/upload/decompress/error.ts';
import {
  openCompressed,
  testWhole,
} from '../../../../../../apps/worker/handlers/upload/decompress/open-compressed.ts';
import { count, fileOf, GENEROUS, NEVER, openContent, read, TEXT } from './sample.ts';
import { type ZipMember, zipOf } from './zip-archive.ts';

const MIB = 1024 * 1024;

for (const [what, archive] of [
  [
    'an archive',
    zipOf([
      { name: 'a.txt', content: TEXT },
      { name: 'b/ü.txt', content: 'two', method: 0 },
    ]),
  ],
  [
    'zip64',
    zipOf(
      [
        { name: 'a.txt', content: TEXT },
        { name: 'b/ü.txt', content: 'two' },
      ],
      { zip64: true },
    ),
  ],
  [
    'data descriptors',
    zipOf([
      { name: 'a.txt', content: TEXT, withDescriptor: true },
      { name: 'b/ü.txt', content: 'two', withDescriptor: true },
    ]),
  ],
  [
    'directories and a comment',
    zipOf(
      [
        { name: 'b/', mode: 0o040755, method: 0 },
        { name: 'a.txt', content: TEXT },
        { name: 'b/ü.txt', content: 'two' },
      ],
      { comment: 'made by hand' },
    ),
  ],
] as const) {
  test(`${what}: every file in it is a member, and is read whole each time`, async (t) => {
    const opened = await openContent(t, archive);
    assert.equal(opened.format, 'zip');
    assert.deepEqual(
      opened.members.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
      [
        { name: 'a.txt', sizeBytes: TEXT.length },
        { name: 'b/ü.txt', sizeBytes: 3 },
      ],
    );
    for (let time = 0; time < 2; time++) {
      const contents = await Promise.all(opened.members.map((member) => read(member)));
      assert.deepEqual(contents.map(String), [TEXT, 'two']);
    }
    await testWhole(opened, NEVER);
  });
}

test('a member without content is a member', async (t) => {
  const opened = await openContent(t, zipOf([{ name: 'empty' }, { name: 'stored', method: 0 }]));
  assert.deepEqual((await Promise.all(opened.members.map((member) => read(member)))).map(String), ['', '']);
});

test('a member that was packed from a pipe is content like any other', async (t) => {
  const opened = await openContent(
    t,
    zipOf([{ name: '-', mode: 0o010600, content: TEXT, withDescriptor: true }]),
  );
  assert.equal(String(await read(opened.members[0])), TEXT);
});

test('a name without the mark of UTF-8 is UTF-8 where it can be, else CP437', async (t) => {
  const names = [Buffer.from('ü.a'), Buffer.of(0x81, 0x2e, 0x62)];
  const opened = await openContent(t, zipOf(names.map((name) => ({ name, flags: 0, content: TEXT }))));
  assert.deepEqual(
    opened.members.map(({ name }) => name),
    ['ü.a', 'ü.b'],
  );
  await testWhole(opened, NEVER);
});

for (const [code, what, archive] of [
  ['decompress.empty', 'no members', zipOf([])],
  ['decompress.empty', 'nothing but directories', zipOf([{ name: 'a/', method: 0 }])],
  ['decompress.unsupported', 'an encrypted member', zipOf([{ name: 'a', flags: 1, content: TEXT }])],
  ['decompress.unsupported', 'another method', zipOf([{ name: 'a', method: 12, content: TEXT }])],
  [
    'decompress.unsupported',
    'a symbolic link',
    zipOf([{ name: 'a', mode: 0o120777, content: '/etc/passwd' }]),
  ],
  ['decompress.unsupported', 'a device', zipOf([{ name: 'a', mode: 0o020644 }])],
  ['decompress.names', 'two members of one name', zipOf([{ name: 'a' }, { name: 'b' }, { name: 'a' }])],
  ['decompress.names', 'a file and a directory of one name', zipOf([{ name: 'a' }, { name: 'a/' }])],
  ['decompress.names', 'bytes that are no UTF-8', zipOf([{ name: Buffer.of(0x61, 0xff) }])],
  ['decompress.names', 'too long a name', zipOf([{ name: 'a'.repeat(1025) }])],
  ...[
    '/a',
    '../a',
    'a/../b',
    'a/..',
    './a',
    'a/./b',
    'a//b',
    '',
    '/',
    'a\0b',
    'a\\b',
    '..\\a',
    'C:/a',
    'a//',
  ].map(
    (name) => ['decompress.names', `the name ${JSON.stringify(name)}`, zipOf([{ name, method: 0 }])] as const,
  ),
  ['decompress.corrupt', 'a directory with content', zipOf([{ name: 'a/', content: TEXT }])],
  ['decompress.corrupt', 'fewer members than it says', zipOf([{ name: 'a' }], { entries: 2 })],
  ['decompress.corrupt', 'more members than it says', zipOf([{ name: 'a' }, { name: 'b' }], { entries: 1 })],
  [
    'decompress.corrupt',
    'more members than zip64 says',
    zipOf([{ name: 'a' }, { name: 'b' }], { entries: 1, zip64: true }),
  ],
  ['decompress.limit', 'too many members', zipOf([{ name: 'a' }], { entries: 100_001, zip64: true })],
  ['decompress.truncated', 'its directory missing', zipOf([{ name: 'a', content: TEXT }]).subarray(0, -30)],
] as const) {
  test(`an archive with ${what} fails before anything of it is read`, async (t) => {
    await assert.rejects(openContent(t, archive), (error) => {
      assert.ok(error instanceof DecompressionError);
      assert.deepEqual([error.code, error.retryable], [code, false]);
      return true;
    });
  });
}

const LIES: readonly (readonly [string, Omit<ZipMember, 'name'>])[] = [
  ['another checksum', { content: TEXT, crc: 1 }],
  ['a smaller size', { content: TEXT, sizeBytes: TEXT.length - 1 }],
  ['a larger size', { content: TEXT, sizeBytes: TEXT.length + 1 }],
  ['another name before its content', { content: TEXT, localName: 'c' }],
  ['more packed bytes', { content: TEXT, packedBytes: 26 }],
];
for (const [what, lie] of LIES) {
  test(`a member with ${what} fails, and the whole archive when it is tested`, async (t) => {
    const opened = await openContent(
      t,
      zipOf([
        { name: 'a', content: TEXT },
        { name: 'b', ...lie },
        { name: 'c', content: TEXT },
      ]),
    );
    assert.equal(String(await read(opened.members[0])), TEXT);
    await assert.rejects(read(opened.members[1]), { code: 'decompress.corrupt', message: /member "b"/ });
    await assert.rejects(testWhole(opened, NEVER), { code: 'decompress.corrupt' });
  });
}

test('a member with fewer packed bytes than it has is truncated', async (t) => {
  const opened = await openContent(t, zipOf([{ name: 'a', content: TEXT, packedBytes: 5 }]));
  await assert.rejects(read(opened.members[0]), { code: 'decompress.truncated' });
});

test('members that share their data each count for the limits', async (t) => {
  const content = Buffer.alloc(MIB);
  const bomb = zipOf(
    Array.from({ length: 100 }, (_, index) => ({
      name: `a${index}`,
      localName: 'a0',
      content,
      ...(index === 0 ? {} : { sharesWith: 0 }),
    })),
  );
  assert.ok(bomb.length < MIB / 10);
  const limit = { code: 'decompress.limit' };
  await assert.rejects(openContent(t, bomb, { maxOutputBytes: 99 * MIB, maxRatio: 2 ** 40 }), limit);
  await assert.rejects(openContent(t, bomb, { maxOutputBytes: 2 ** 40, maxRatio: 1000 }), limit);
  const opened = await openContent(t, bomb, { maxOutputBytes: 100 * MIB, maxRatio: 2 ** 40 });
  assert.equal(opened.members.length, 100);
  assert.equal(await count(opened.members[0]), MIB);
  // The others are not what lies there: each would be the content of the first under another name.
  await assert.rejects(testWhole(opened, NEVER), { code: 'decompress.corrupt' });
});

test('a member that becomes larger than it says is stopped there', async (t) => {
  const opened = await openContent(
    t,
    zipOf([{ name: 'a', content: Buffer.alloc(100 * MIB), sizeBytes: 1000 }]),
    {
      maxOutputBytes: 2000,
      maxRatio: 10,
    },
  );
  let seen = 0;
  const reading = (async () => {
    for await (const chunk of opened.members[0]?.open(NEVER) ?? []) seen += chunk.length;
  })();
  await assert.rejects(reading, { code: 'decompress.corrupt' });
  assert.ok(seen <= 1000);
});

test('an archive in an archive is content like any other', async (t) => {
  const inner = zipOf([{ name: 'zeros', content: Buffer.alloc(MIB) }]);
  const opened = await openContent(t, zipOf([{ name: 'inner.zip', content: inner }]));
  assert.ok(inner.equals(await read(opened.members[0])));
  assert.equal(await count(opened.members[0]), inner.length);
});

const small = zipOf(
  [
    { name: 'a', content: TEXT },
    { name: 'b', content: TEXT, method: 0 },
  ],
  { comment: 'c' },
);

test('an archive that is cut anywhere fails', async (t) => {
  const fd = fileOf(t, small);
  for (let sizeBytes = small.length - 1; sizeBytes >= 4; sizeBytes--) {
    ftruncateSync(fd, sizeBytes);
    await assert.rejects(openCompressed(fd, sizeBytes, GENEROUS), DecompressionError, `${sizeBytes} bytes`);
  }
});

test('an archive with any wrong bit fails, or has the same members', async (t) => {
  const fd = fileOf(t, small);
  let failed = 0;
  for (let bit = 32; bit < small.length * 8; bit++) {
    const byte = small[bit >> 3] ?? 0;
    writeSync(fd, Buffer.of(byte ^ (1 << (bit & 7))), 0, 1, bit >> 3);
    try {
      const opened = await openCompressed(fd, small.length, GENEROUS);
      for (const member of opened.members) assert.equal(String(await read(member)), TEXT, `bit ${bit}`);
      assert.deepEqual(
        opened.members.map(({ name }) => name),
        ['a', 'b'],
        `bit ${bit}`,
      );
    } catch (error) {
      if (!(error instanceof DecompressionError)) throw error;
      failed++;
    }
    writeSync(fd, Buffer.of(byte), 0, 1, bit >> 3);
  }
  // Times, attributes, versions and what the local headers repeat have no checksum.
  assert.ok(failed > small.length * 8 * 0.4, `${failed} of ${small.length * 8}`);
});
