import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tempDir } from './temp.ts';

const RUNNER = fileURLToPath(new URL('./run.ts', import.meta.url));

const PASSES = "import { test } from 'node:test';\ntest('passes', () => {});\n";
const FAILS =
  "import { test } from 'node:test';\ntest('fails', () => { throw new Error('as it should'); });\n";
const LEAVES = `import { spawn } from 'node:child_process';
import { test } from 'node:test';
test('leaves', () => spawn('sleep', ['600'], { stdio: 'ignore', detached: true }).unref());\n`;
const WARNS = "import { test } from 'node:test';\ntest('warns', () => process.emitWarning('something'));\n";
const waits = (mark: string) => `import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
test('waits', () => {
  writeFileSync(${JSON.stringify(mark)}, '');
  setInterval(() => {}, 1000);
  return new Promise(() => {});
});\n`;

function start(directory: string, sources: Record<string, string>, ...args: string[]): ChildProcess {
  for (const [name, source] of Object.entries(sources)) writeFileSync(join(directory, name), source);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawn(process.execPath, [RUNNER, ...args, directory], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function outcome(child: ChildProcess): Promise<{ code: number; output: string }> {
  assert.ok(child.stdout);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, output };
}

const play = (t: TestContext, sources: Record<string, string>, ...args: string[]) =>
  outcome(start(tempDir(t), sources, ...args));

test('a run of tests that pass ends with the summary and exit code 0', async (t) => {
  const { code, output } = await play(t, { 'a.test.ts': PASSES, 'b.test.ts': PASSES });
  assert.equal(code, 0, output);
  assert.match(output, /pass 2\n.*fail 0\n/);
});

test('a test that fails makes the exit code 1', async (t) => {
  const { code, output } = await play(t, { 'a.test.ts': PASSES, 'b.test.ts': FAILS });
  assert.equal(code, 1);
  assert.match(output, /fail 1\n/);
});

test('crash tests are run when asked for, and only they', async (t) => {
  const sources = { 'a.test.ts': PASSES, 'b.crash.test.ts': FAILS };
  assert.equal((await play(t, sources)).code, 0);
  const { code, output } = await play(t, sources, 'crash');
  assert.equal(code, 1);
  assert.match(output, /tests 1\n/);
});

test('a directory without tests is a failure', async (t) => {
  assert.equal((await play(t, {})).code, 1);
});

test('a process that a test leaves behind is killed and fails the run', async (t) => {
  const { code, output } = await play(t, { 'a.test.ts': LEAVES });
  assert.equal(code, 1);
  const pid = Number(/left behind: process (\d+) \(sleep 600\)/.exec(output)?.[1]);
  while (existsSync(`/proc/${pid}/exe`)) await setImmediate();
});

test('a warning of Node fails the run', async (t) => {
  const { code, output } = await play(t, { 'a.test.ts': WARNS });
  assert.equal(code, 1);
  assert.match(output, /a\.test\.ts warned: .*something/);
});

test('SIGINT ends the run and its test files at once', async (t) => {
  const directory = tempDir(t);
  const mark = join(directory, 'mark');
  const changes = watch(directory);
  const child = start(directory, { 'a.test.ts': waits(mark) });
  while (!existsSync(mark)) await once(changes, 'change');
  changes.close();
  child.kill('SIGINT');
  const { code } = await outcome(child);
  assert.equal(code, 130);
});
