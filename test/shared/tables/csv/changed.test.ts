import assert from 'node:assert/strict';
import { appendFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { opening } from './opening.ts';

const CHANGED = { code: 'load.changed' };

/** What is read as it is, and what is read from a plain copy. */
const contents = { 'as it is': 'a,b\n1,2\n', 'from a copy': 'a,b\r\n1,2\n' };

for (const [how, content] of Object.entries(contents)) {
  test(`a file that is read ${how} and that somebody writes to since its audit is said to have changed`, async (t) => {
    const { path, open } = opening(t);
    const csv = await open(content);
    csv.assertUnchanged();
    appendFileSync(path, '3,4\n');
    assert.throws(() => csv.assertUnchanged(), CHANGED);
  });
}

test('a copy serves also where its file is not there any more', async (t) => {
  const { path, open } = opening(t);
  const csv = await open(contents['from a copy']);
  renameSync(path, `${path}.gone`);
  csv.assertUnchanged();
});

test('a file of another size, or another time, than was scanned is not read', async (t) => {
  const { path, open, fault } = opening(t);
  writeFileSync(path, contents['as it is']);
  const { mtimeNs, size } = statSync(path, { bigint: true });
  const sizeBytes = Number(size);
  await open(undefined, { scanned: { mtimeNs, sizeBytes } });
  for (const scanned of [
    { mtimeNs: mtimeNs - 1n, sizeBytes },
    { mtimeNs, sizeBytes: sizeBytes - 1 },
  ])
    assert.equal((await fault(undefined, { scanned })).code, 'load.changed');
});
