import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { temporaryFault } from '../../../../shared/archives/library/temporary-file.ts';
import { EnvironmentError, UsageError } from '../../../../shared/errors.ts';
import { errnoError, stagedContents } from '../../../support/staged.ts';
import { makeArchives } from './a-library.ts';

type Operation =
  | { op: 'write'; data: Buffer; position?: number }
  | { op: 'read'; length?: number; position?: number }
  | { op: 'seek'; position: number }
  | { op: 'truncate'; size: number };

const offset = fc.nat({ max: 300 });
const optional = fc.option(offset, { nil: undefined });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .record({ data: fc.uint8Array({ maxLength: 120 }), position: optional })
    .map(({ data, position }) => ({ op: 'write' as const, data: Buffer.from(data), ...given({ position }) })),
  fc
    .record({ length: optional, position: optional })
    .map((where) => ({ op: 'read' as const, ...given(where) })),
  offset.map((position) => ({ op: 'seek' as const, position })),
  offset.map((size) => ({ op: 'truncate' as const, size })),
);

/** Without what is undefined. */
const given = <Fields extends Record<string, number | undefined>>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: number;
  };

/** What a file is to be after each operation. */
class Model {
  bytes = Buffer.alloc(0);
  position = 0;

  write(data: Buffer, position?: number): void {
    const at = position ?? this.position;
    if (position === undefined) this.position += data.length;
    if (data.length === 0) return;
    this.truncate(Math.max(this.bytes.length, at + data.length));
    data.copy(this.bytes, at);
  }

  read(length: number | undefined, position?: number): Buffer {
    const at = position ?? this.position;
    const bytes = this.bytes.subarray(at, length === undefined ? undefined : at + length);
    if (position === undefined) this.position += bytes.length;
    return Buffer.from(bytes);
  }

  truncate(size: number): void {
    const bytes = Buffer.alloc(size);
    this.bytes.copy(bytes);
    this.bytes = bytes;
  }
}

for (const awaits of [true, false]) {
  test(`a file is what a buffer is, ${awaits ? 'each call awaited' : 'no call awaited before the last'}, in memory or spilled`, async (t) => {
    const { base, archives } = makeArchives(t, { spillBytes: 150 });
    let files = 0;
    const expected: [string, string][] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        const path = `ar.zip/${files++}`;
        const file = archives.open(path);
        const model = new Model();
        const results: Promise<unknown>[] = [];
        const wanted: unknown[] = [];
        for (const step of operations) {
          const done = apply(file, step);
          if (done !== undefined) {
            results.push(done);
            wanted.push(applyToModel(model, step));
          } else applyToModel(model, step);
          if (awaits) await done;
          assert.deepEqual([file.size, file.position], [model.bytes.length, model.position]);
        }
        assert.deepEqual(await Promise.all(results), wanted);
        await file.close();
        expected.push([path, model.bytes.toString('utf8')]);
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(await stagedContents(base), expected.sort());
  });
}

function apply(file: ReturnType<ReturnType<typeof makeArchives>['archives']['open']>, step: Operation) {
  switch (step.op) {
    case 'write': {
      const data = Buffer.from(step.data);
      const done = file.write(data, step.position);
      // Whoever writes may use his buffer again at once.
      data.fill(0xff);
      return done;
    }
    case 'read':
      return file.read(step.length, step.position);
    case 'truncate':
      return file.truncate(step.size);
    case 'seek':
      file.seek(step.position);
      return undefined;
  }
}

function applyToModel(model: Model, step: Operation): unknown {
  switch (step.op) {
    case 'write':
      model.write(step.data, step.position);
      return step.data.length;
    case 'read':
      return model.read(step.length, step.position);
    case 'truncate':
      return model.truncate(step.size);
    case 'seek':
      model.position = step.position;
      return undefined;
  }
}

test('text is written as UTF-8, and text and bytes follow each other', async (t) => {
  const { base, archives } = makeArchives(t);
  const file = archives.open('ar.zip/a');
  assert.equal(await file.write('é'), 2);
  await file.write(new Uint8Array([0x21]));
  await file.close();
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'é!']]);
});

test('what is neither text nor bytes is refused, and the file is as before', async (t) => {
  const { base, archives } = makeArchives(t);
  const file = archives.open('ar.zip/a');
  await file.write('a');
  for (const data of [undefined, 42, ['b'], new ArrayBuffer(2)])
    await assert.rejects(file.write(data as unknown as string), { code: 'archive.option', subject: 'data' });
  await file.write('c');
  await file.close();
  assert.deepEqual(await stagedContents(base), [['ar.zip/a', 'ac']]);
});

test('a temporary file that cannot be made says what is short: room, or descriptors', () => {
  for (const [errno, hint] of [
    ['ENOSPC', /^free space/],
    ['EMFILE', /^close some/],
  ] as const) {
    const fault = temporaryFault('/tmp', errnoError(errno, 'open'));
    assert.ok(fault instanceof EnvironmentError);
    assert.equal(fault.code, 'archive.temporary');
    assert.match(fault.hint ?? '', hint);
  }
});

test('a spilled file has no name, and its descriptor is gone when it is closed', async (t) => {
  const { base, archives } = makeArchives(t, { spillBytes: 10 });
  const before = readdirSync('/proc/self/fd').length;
  const file = archives.open('ar.zip/a');
  await file.write('more than ten bytes');
  assert.deepEqual(readdirSync(base), []);
  assert.equal(readdirSync('/proc/self/fd').length, before + 1);
  await file.close();
  // The staging archive is open instead.
  assert.equal(readdirSync('/proc/self/fd').length, before + 1);
  await archives.close();
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('a file that is sparse costs no memory', async (t) => {
  const { base, archives } = makeArchives(t, { compression: 'deflate' });
  const file = archives.open('ar.zip/a');
  await file.write('end', 3_000_000);
  assert.equal(file.size, 3_000_003);
  assert.deepEqual(await file.read(4, 2_999_999), Buffer.from('\0end'));
  await file.close();
  const [[, content] = ['', '']] = await stagedContents(base);
  assert.equal(content, `${'\0'.repeat(3_000_000)}end`);
});

test('a file that is closed is neither written, read nor sought, and may be closed again', async (t) => {
  const { archives } = makeArchives(t);
  const file = archives.open('ar.zip/a');
  await Promise.all([file.close(), file.close()]);
  await file.close();
  await file.discard();
  const closed = { code: 'archive.file-closed' };
  await assert.rejects(file.write('x'), closed);
  await assert.rejects(file.read(), closed);
  await assert.rejects(file.truncate(), closed);
  assert.throws(() => file.seek(0), closed);
  const discarded = archives.open('ar.zip/b');
  await discarded.discard();
  await discarded.discard();
  await assert.rejects(discarded.close(), closed);
});

test('lengths and positions are whole numbers from 0 on', async (t) => {
  const { archives } = makeArchives(t);
  const file = archives.open('ar.zip/a');
  for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const call of [() => file.write('x', wrong), () => file.read(wrong), () => file.truncate(wrong)])
      await assert.rejects(call(), (error) => error instanceof UsageError && error.code === 'archive.option');
    assert.throws(() => file.seek(wrong), UsageError);
  }
  assert.deepEqual([file.size, file.position], [0, 0]);
  await file.discard();
});

test('a write that fails and is not awaited is told by close()', async (t) => {
  const { archives } = makeArchives(t, { spillBytes: 4, temporaryDirectory: '/nowhere' });
  const file = archives.open('ar.zip/a');
  // A promise that nobody hears would end the process, and so this test.
  void file.write('abcdef');
  void file.truncate(3);
  await nextTurn();
  await assert.rejects(file.close(), { code: 'archive.temporary' });
  await file.discard();
});

test('a file that has no room for what is too much for memory fails from then on, and is never deposited half', async (t) => {
  const { base, archives } = makeArchives(t, { spillBytes: 4, temporaryDirectory: '/nowhere' });
  const file = archives.open('ar.zip/a');
  await file.write('abcd');
  const failed = { code: 'archive.temporary', subject: '/nowhere' };
  await assert.rejects(file.write('e'), failed);
  await assert.rejects(file.write('x', 0), failed);
  await assert.rejects(file.read(4, 0), failed);
  await assert.rejects(file.close(), failed);
  await file.discard();
  assert.deepEqual(await stagedContents(base), []);
});
