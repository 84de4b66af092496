import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDead, parseStat, thisProcess } from '../../../shared/linux/process-identity.ts';

const here = thisProcess();

const identityOf = (pid: number) => ({
  ...here,
  pid,
  pidStart: parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).start,
});

test('a process is alive until it is killed', async (t) => {
  const child = spawn('sleep', ['60']);
  t.after(() => child.kill('SIGKILL'));
  const identity = identityOf(child.pid ?? 0);
  assert.equal(isDead(identity, here), false);
  child.kill('SIGSTOP');
  assert.equal(isDead(identity, here), false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(isDead(identity, here), true);
});

test('a process that died and was not yet waited for by its parent is dead', async (t) => {
  // The shell is replaced by a program that never waits for the child that the shell started; the child ends once that has happened.
  const parent = spawn('sh', ['-c', 'exec 3<&0; read line <&3 & echo $!; exec sleep 60'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.after(() => parent.kill('SIGKILL'));
  const [output] = await once(parent.stdout, 'data');
  const pid = Number(String(output));
  while (readFileSync(`/proc/${parent.pid}/comm`, 'latin1') !== 'sleep\n') {
    await new Promise(setImmediate);
  }
  parent.stdin.end();
  while (parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).state !== 'Z') {
    await new Promise(setImmediate);
  }
  assert.equal(isDead(identityOf(pid), here), true);
});

test("another user's process is alive, though it may not be signalled", {
  skip: process.getuid?.() === 0 ? false : 'becoming another user needs root',
}, () => {
  const module = new URL('../../../shared/linux/process-identity.ts', import.meta.url).href;
  const script = `
    import { isDead, thisProcess } from ${JSON.stringify(module)};
    process.setgid(65534);
    process.setuid(65534);
    const identity = ${JSON.stringify(identityOf(process.pid))};
    let signalled = 'yes';
    try {
      process.kill(identity.pid, 0);
    } catch (error) {
      signalled = error.code;
    }
    console.log(signalled, isDead(identity, thisProcess()));`;
  const args = ['--input-type=module-typescript', '-e', script];
  assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }), 'EPERM false\n');
});
