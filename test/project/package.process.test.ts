import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../support/temp.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What `npm pack` makes, unpacked, as if it was installed. */
function installPackage(directory: string): string {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: ROOT, stdio: 'pipe' });
  assert.ok(!existsSync(join(ROOT, 'dist')), 'packing leaves nothing behind in the checkout');
  const [tarball = ''] = readdirSync(directory);
  execFileSync('tar', ['xzf', tarball], { cwd: directory });
  const installed = join(directory, 'package');
  // In place of an npm install, which would need the registry.
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  assert.ok(!existsSync(join(installed, 'apps')), 'it holds no TypeScript sources');
  return installed;
}

const USER_OF_ARCHIVES = `
import { type ArchiveFile, type Archives, type ArchivesOptions } from 'wharfinger/archives';
import { openArchives, type ScavengeReport, startScavenger, UsageError } from 'wharfinger/archives';

const options: ArchivesOptions = { rotateSeconds: 300, compression: 'store' };
const archives: Archives = await openArchives('.', options);
const file: ArchiveFile = archives.open('ar.zip/relpath/to/file', { mode: 0o600, mtime: new Date() });
const bytes: number = await file.write('hello');
await file.close();
await archives.close();
// @ts-expect-error a number is no name
const wrong = (): ArchiveFile => archives.open(1);
try {
  wrong();
} catch (error) {
  if (error instanceof UsageError) console.log(bytes, error.code);
}
const scavenger = startScavenger('.');
const report: ScavengeReport = await scavenger.now();
await scavenger.stop();
console.log(report.heldBy);
`;

/** A project of somebody who has installed the package, in TypeScript and compiled. */
function makeUserProject(directory: string, installed: string): string {
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, '@types'), { recursive: true });
  symlinkSync(installed, join(modules, 'wharfinger'));
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(directory, 'main.ts'), USER_OF_ARCHIVES);
  const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, types: ['node'] };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', directory], { encoding: 'utf8' });
  return join(directory, 'main.js');
}

test('the packed package is compiled, and works when it is installed elsewhere', (t) => {
  const directory = tempDir(t);
  const installed = installPackage(directory);
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

  const user = join(directory, 'user');
  mkdirSync(user);
  const main = makeUserProject(user, installed);
  assert.equal(
    execFileSync(process.execPath, [main], { cwd: user, encoding: 'utf8' }),
    '5 archive.closed\nundefined\n',
  );
  assert.ok(existsSync(join(user, 'ar.zip')));
});
