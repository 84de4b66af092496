import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, renameSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { created } from '../crash/scenarios.ts';
import { sha256Of, Wharf } from '../support/wharf.ts';

/** A memory file system on every Linux: every move to it is a copy. */
const OTHER_FILE_SYSTEM = '/dev/shm';

/** Runs `meddle` when dir/a.csv has stepped aside for its copy, and ends the run. */
async function whileAside(t: TestContext, meddle: (input: string) => void): Promise<Wharf> {
  const warehouse = mkdtempSync(join(OTHER_FILE_SYSTEM, 'wharfinger-test-'));
  t.after(() => rmSync(warehouse, { recursive: true, force: true }));
  const wharf = new Wharf(t, { warehouse });
  wharf.drop('dir/a.csv', 'content');
  const pauseFile = join(wharf.root, 'paused');
  const finished = wharf.once([], {
    WHARFINGER_PAUSE_AT: 'copy.stepped-aside',
    WHARFINGER_PAUSE_FILE: pauseFile,
  });
  await created(wharf.root, pauseFile);
  meddle(wharf.input);
  unlinkSync(pauseFile);
  assert.equal((await finished).code, 0);
  return wharf;
}

test('a file whose directory is renamed while it is copied is taken, and nothing of it stays there', async (t) => {
  const wharf = await whileAside(t, (input) => renameSync(join(input, 'dir'), join(input, 'other')));
  await wharf.assertAllLandedOnce();
});

test('a file that is written to and whose directory is renamed while it is copied gets its name back', async (t) => {
  const wharf = await whileAside(t, (input) => {
    renameSync(join(input, 'dir'), join(input, 'other'));
    const writer = openSync(join(input, 'other', '.wharfinger-1.src'), 'a');
    writeSync(writer, ' and more');
    closeSync(writer);
  });
  assert.equal((await wharf.once()).code, 0);
  assert.deepEqual(
    wharf.manifest().map(({ sha256 }) => sha256),
    [sha256Of('content and more')],
  );
  assert.deepEqual(wharf.left(), []);
});
