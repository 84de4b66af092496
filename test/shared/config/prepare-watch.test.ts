import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { prepareWatch } from '../../../shared/config/prepare-watch.ts';
import { EnvironmentError } from '../../../shared/errors.ts';
import { acrossFileSystems } from '../../support/other-file-system.ts';
import { tempDir } from '../../support/temp.ts';
import { refusal, watchFrom } from './sources.ts';

const TO = { profile: 'lab', bucket: 'archive' };

/** A working directory with `out` in it. */
function withTarget(t: TestContext): string {
  const cwd = tempDir(t);
  mkdirSync(join(cwd, 'out'));
  return cwd;
}

const prepare = (cwd: string, flags: Record<string, unknown>): void =>
  prepareWatch(watchFrom({ flags: { ...TO, target: ['out'], ...flags }, cwd }));

function said(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof EnvironmentError) return `${error.message}; ${error.hint}`;
    throw error;
  }
  throw new Error('it was not refused');
}

test('the directories of the state file and of what is moved are made, and nothing in a target', (t) => {
  const cwd = withTarget(t);
  const flags = { after: 'move', moved_to: 'deep/sent' };
  prepare(cwd, flags);
  prepare(cwd, flags);
  assert.deepEqual(readdirSync(cwd).toSorted(), ['data', 'deep', 'out']);
  assert.deepEqual([readdirSync(join(cwd, 'out')), readdirSync(join(cwd, 'deep/sent'))], [[], []]);
});

test('a target is never made, and is a directory', (t) => {
  const cwd = tempDir(t);
  assert.match(
    said(() => prepare(cwd, {})),
    /^the target .*\/out does not exist; make it, or give another with --target$/,
  );
  const file = join(cwd, 'file');
  writeFileSync(file, '');
  const settings = watchFrom({ flags: { ...TO, target: ['out'] }, cwd });
  const uploadRoutes = settings.uploadRoutes.map((route) => ({ ...route, input: file }));
  assert.match(
    said(() => prepareWatch({ ...settings, uploadRoutes })),
    /^the target .*\/file is not a directory; /,
  );
  assert.deepEqual(readdirSync(cwd), ['file']);
});

test('a link by which a target lies in another is seen', (t) => {
  const cwd = withTarget(t);
  mkdirSync(join(cwd, 'out/inner'));
  symlinkSync('out/inner', join(cwd, 'link'));
  assert.match(
    refusal(() => prepare(cwd, { target: ['out', 'link'] })),
    /^the target .*\/out\/inner lies in the target .*\/out, /,
  );
});

test('a link by which files would be moved into the target is seen, and nothing is made there', (t) => {
  const cwd = withTarget(t);
  symlinkSync('out', join(cwd, 'link'));
  assert.match(
    refusal(() => prepare(cwd, { after: 'move', moved_to: 'link/sent' })),
    /^files are moved to .*\/out\/sent, which lies in the target/,
  );
  assert.deepEqual(readdirSync(join(cwd, 'out')), []);
});

test(
  'a directory for what is moved that is on another file system is refused, and no probe is left',
  acrossFileSystems,
  (t) => {
    const cwd = withTarget(t);
    const elsewhere = mkdtempSync('/dev/shm/wharfinger-test-');
    t.after(() => rmSync(elsewhere, { recursive: true, force: true }));
    assert.match(
      said(() => prepare(cwd, { after: 'move', moved_to: elsewhere })),
      /^.*\/out and .* are on different file systems; .*--moved-to$/,
    );
    assert.deepEqual([readdirSync(join(cwd, 'out')), readdirSync(elsewhere)], [[], []]);
  },
);
