import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../simulate/demo.ts', import.meta.url));
const hasUnzip = spawnSync('unzip', ['-v'], { stdio: 'ignore' }).status === 0;

test('the demo of archives loses nothing and stores nothing twice, and says so', {
  skip: hasUnzip ? false : 'unzip is not installed',
}, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [DEMO, 'archives'], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  assert.equal(status, 0, stderr);
  const [, acknowledged, found] = /(\d+) acknowledged, (\d+) found/.exec(stdout) ?? [];
  assert.ok(Number(acknowledged) > 6_000, stdout);
  assert.ok(Number(found) >= Number(acknowledged), stdout);
  assert.match(stdout, /\.open: unzip -t says it is no zip file/);
  assert.match(stdout, /died of SIGKILL; 4 staging archives are still there/);
  assert.match(stdout, /all agree: 3 files .* 3 archived files/);
  assert.match(stdout, /orders-2026-11\.csv\n-+/);
});
