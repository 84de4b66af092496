import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openState } from '../../../shared/state/open.ts';
import { assertRefused } from '../../support/queue-untouched.ts';
import { tempDir } from '../../support/temp.ts';

const NOBODY = 65_534;

/** Runs `work` as a user whom permissions bind: root is bound by none. */
function asBoundUser(work: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** A directory of the test's own that others may look into. */
function openDirectory(t: TestContext): string {
  const directory = tempDir(t);
  for (let path = directory; path !== '/tmp' && path !== '/'; path = join(path, '..')) chmodSync(path, 0o755);
  return directory;
}

test('a directory in which no file may be made is refused as unusable', (t) => {
  const directory = openDirectory(t);
  chmodSync(directory, 0o555);
  const path = join(directory, 'state.db');
  asBoundUser(() => assertRefused('state.unusable', path, () => openState(path)));
});

test('a state file that may not be read is refused as unusable', (t) => {
  const path = join(openDirectory(t), 'state.db');
  openState(path).close();
  chmodSync(path, 0);
  asBoundUser(() => {
    for (const readonly of [false, true])
      assertRefused('state.unusable', path, () => openState(path, { readonly }));
  });
});

test('a state file that may be read but not written is refused as unusable', (t) => {
  const path = join(openDirectory(t), 'state.db');
  openState(path).close();
  chmodSync(path, 0o444);
  asBoundUser(() => assertRefused('state.unusable', path, () => openState(path)));
});

test('a state file in a directory that may not be searched is refused as unusable', (t) => {
  const directory = join(openDirectory(t), 'closed');
  mkdirSync(directory);
  const path = join(directory, 'state.db');
  openState(path).close();
  chmodSync(directory, 0);
  t.after(() => chmodSync(directory, 0o755));
  asBoundUser(() => {
    for (const readonly of [false, true])
      assertRefused('state.unusable', path, () => openState(path, { readonly }));
  });
});

test('a read-only file system is refused as unusable', (t) => {
  const directory = join(openDirectory(t), 'mount');
  mkdirSync(directory);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', directory], { stdio: 'ignore' });
  } catch {
    return t.skip('a file system can be mounted by root alone, and not in every container');
  }
  t.after(() => execFileSync('umount', [directory]));
  const path = join(directory, 'state.db');
  assertRefused('state.unusable', path, () => openState(path));
});
