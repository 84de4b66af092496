import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { prepareDirectories, prepareState } from '../../../shared/config/prepare.ts';
import { EnvironmentError } from '../../../shared/errors.ts';
import { tempDir } from '../../support/temp.ts';
import { settingsFrom } from './sources.ts';

/** What a person reads about an environment error. */
function said(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof EnvironmentError) return `${error.message}; ${error.hint}`;
    throw error;
  }
  throw new Error('it was not refused');
}

function prepare(cwd: string, flags: Record<string, unknown> = {}): void {
  const { settings, inputsToMake } = settingsFrom({ flags, cwd });
  prepareDirectories(settings, inputsToMake);
}

function withInput(t: TestContext): string {
  const cwd = tempDir(t);
  mkdirSync(join(cwd, 'in'));
  return cwd;
}

test('with no option, the default directories are made, and no duplicates before there are any', (t) => {
  const cwd = tempDir(t);
  prepare(cwd);
  prepare(cwd);
  assert.deepEqual(readdirSync(cwd, { recursive: true }).toSorted(), [
    'data',
    'data/manifests',
    'data/staging',
    'data/state',
    'data/warehouse',
  ]);
});

test('a duplicates directory of its own is made when duplicates are moved there', (t) => {
  const cwd = withInput(t);
  prepare(cwd, { input: ['in'], duplicates: 'd1', on_duplicate: 'delete' });
  assert.equal(existsSync(join(cwd, 'd1')), false);
  prepare(cwd, { input: ['in'], duplicates: 'd2' });
  assert.equal(existsSync(join(cwd, 'd2')), true);
});

test('an input that somebody named is never made', (t) => {
  const cwd = tempDir(t);
  assert.match(
    said(() => prepare(cwd, { input: ['data/staging'] })),
    /^the input directory .*\/data\/staging does not exist; make it/,
  );
  assert.deepEqual(readdirSync(cwd), []);
});

test('a path through a file is refused', (t) => {
  const cwd = withInput(t);
  writeFileSync(join(cwd, 'file'), '');
  assert.match(
    said(() => prepare(cwd, { input: ['file/in'] })),
    /^the input directory .* is not a directory, or lies below a file/,
  );
  assert.match(
    said(() => prepare(cwd, { input: ['in'], state_path: 'file/w.db' })),
    /^the directory of the state file .*\/file is not a directory, or lies below a file; give another with --state-path/,
  );
});

test('a name that is too long is refused in one line', (t) => {
  const cwd = withInput(t);
  assert.match(
    said(() => prepare(cwd, { input: ['in'], warehouse: 'x'.repeat(300) })),
    /^the warehouse .* cannot be used \(ENAMETOOLONG\); /,
  );
});

test('a state file on a network file system is refused', (t) => {
  const statePath = join(tempDir(t), 'state/w.db');
  const nfs = () => ({ magic: 0x6969, name: 'nfs', isNetwork: true });
  assert.equal(
    said(() => prepareState(statePath, nfs)),
    `the state file ${statePath} is on a network file system (nfs), where locks cannot be trusted; ` +
      'put it on a local disk with --state-path; input, warehouse and manifests may stay where they are',
  );
  prepareState(statePath);
});
