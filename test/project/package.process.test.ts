import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../support/temp.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('the packed package is compiled, and works when it is installed elsewhere', (t) => {
  const directory = tempDir(t);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: ROOT, stdio: 'pipe' });
  assert.ok(!existsSync(join(ROOT, 'dist')), 'packing leaves nothing behind in the checkout');
  const [tarball = ''] = readdirSync(directory);
  execFileSync('tar', ['xzf', tarball], { cwd: directory });
  const installed = join(directory, 'package');
  // In place of an npm install, which would need the registry.
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  assert.ok(!existsSync(join(installed, 'apps')), 'it holds no TypeScript sources');

  const wharf = join(directory, 'wharf');
  mkdirSync(join(wharf, 'data/staging'), { recursive: true });
  writeFileSync(join(wharf, 'data/staging/a.csv'), 'a');
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [join(installed, 'bin/wharfinger.js'), ...args], {
      cwd: wharf,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  run('start', '--once', '--stability-seconds', '0');
  const [manifest = ''] = readdirSync(join(wharf, 'data/manifests'), {
    recursive: true,
    encoding: 'utf8',
  }).filter((path) => path.endsWith('.jsonl'));
  assert.match(readFileSync(join(wharf, 'data/manifests', manifest), 'utf8'), /a\.csv/);
  assert.match(run('--version'), /^\d+\.\d+\.\d+/);
});
