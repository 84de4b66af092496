import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runBin } from './run-bin.ts';

const BIN = fileURLToPath(new URL('../../../bin/wharfinger.js', import.meta.url));

test('the version is the one in package.json', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(runBin(['--version']), { exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

test('config-schema prints JSON and nothing else', () => {
  const { exitCode, stdout, stderr } = runBin(['config-schema']);
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.equal(JSON.parse(stdout).type, 'object');
});

for (const version of ['12.22.12', '20.19.0', '22.17.1']) {
  test(`Node ${version} is told that it is too old`, () => {
    const preload = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
    const { exitCode, stdout, stderr } = runBin(['--version'], { preload });
    assert.deepEqual([exitCode, stdout], [5, '']);
    assert.match(
      stderr,
      new RegExp(`^wharfinger: Node ${version} is too old, 22\\.18 or newer is needed; .*npx.*\n$`),
    );
  });
}

test('a reader that has seen enough ends the program quietly', async () => {
  const child = spawn(process.execPath, [BIN, 'config-schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  assert.deepEqual([code, stderr], [0, '']);
});

test('results that cannot be written end it with 5', () => {
  const full = openSync('/dev/full', 'w');
  const { exitCode, stderr } = runBin(['config-schema'], { stdout: full });
  closeSync(full);
  assert.equal(exitCode, 5);
  assert.match(stderr, /^wharfinger: standard output cannot be written to \(ENOSPC\); [^\n]+\n$/);
});

for (const [what, defect] of [
  ['an exception', 'throw new TypeError("boom")'],
  ['a rejection', 'Promise.reject(new TypeError("boom"))'],
] as const) {
  test(`${what} that nobody expected is told as a defect, with its stack, and exits with 1`, () => {
    // Once the program listens for what nobody caught.
    const preload = `process.on('newListener', (name) => {
      if (name === 'uncaughtException') setImmediate(() => { ${defect} });
    })`;
    const { exitCode, stderr } = runBin(['config-schema'], { preload });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^TypeError: boom\n {4}at [\s\S]*\nwharfinger: this is a defect of wharfinger; please report it/,
    );
  });
}
