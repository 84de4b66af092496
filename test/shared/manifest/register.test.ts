import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { Manifests } from '../../../shared/manifest/manifests.ts';
import { registerManifest } from '../../../shared/manifest/register.ts';
import { openState } from '../../../shared/state/open.ts';
import { tempDir } from '../../support/temp.ts';

function setUp(t: TestContext) {
  const directory = tempDir(t);
  const state = openState(join(directory, 'state.db'));
  t.after(() => state.close());
  const file = join(directory, 'manifest.jsonl');
  const path = fromText(file);
  const manifests = new Manifests(state);
  return { file, path, manifests, register: () => registerManifest(path, state, manifests) };
}

test('a new manifest is made, and known with nothing in it', (t) => {
  const { file, path, manifests, register } = setUp(t);
  assert.equal(manifests.isKnown(path), false);
  register();
  assert.ok(existsSync(file));
  assert.equal(manifests.isKnown(path), true);
  assert.deepEqual(manifests.committed(path), { bytes: 0, lines: 0 });
});

test('the lines that another state file left in a manifest count as they are, a torn one does not', (t) => {
  const { file, path, manifests, register } = setUp(t);
  writeFileSync(file, '{"id":1}\n{"id":2}\n{"id"');
  register();
  assert.deepEqual(manifests.committed(path), { bytes: 18, lines: 2 });
  assert.equal(
    readFileSync(file, 'utf8'),
    '{"id":1}\n{"id":2}\n{"id"',
    'what is torn is cut when lines come',
  );
});

test('a manifest larger than what is read at a time is counted whole', (t) => {
  const { file, path, manifests, register } = setUp(t);
  const line = `${'x'.repeat(999)}\n`;
  writeFileSync(file, `${line.repeat(3000)}torn`);
  register();
  assert.deepEqual(manifests.committed(path), { bytes: 3_000_000, lines: 3000 });
});

test('what is known already is left as it is', (t) => {
  const { file, path, manifests, register } = setUp(t);
  register();
  writeFileSync(file, '{"id":1}\n');
  register();
  assert.deepEqual(manifests.committed(path), { bytes: 0, lines: 0 });
});
