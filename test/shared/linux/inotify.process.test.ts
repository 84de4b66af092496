import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { tempDir } from '../../support/temp.ts';

const MODULE = JSON.stringify(new URL('../../../shared/linux/inotify.ts', import.meta.url).href);

const nodeArgs = (script: string): string[] => [
  '--input-type=module-typescript',
  '-e',
  `import { Inotify } from ${MODULE};\n${script}`,
];

/** Runs with limits of its own, which a user name space has: those of the machine are everybody's. */
const runLimited = (limit: 'watches' | 'instances', script: string): string => {
  const command = `echo 2 > /proc/sys/user/max_inotify_${limit} && exec "$@"`;
  const args = ['-U', '-r', 'sh', '-c', command, 'sh', process.execPath, ...nodeArgs(script)];
  return execFileSync('unshare', args, { encoding: 'utf8' }).trim();
};

function cannotLimit(): string | false {
  try {
    execFileSync('unshare', ['-U', '-r', 'sh', '-c', 'echo 2 > /proc/sys/user/max_inotify_watches'], {
      stdio: 'ignore',
    });
    return false;
  } catch {
    return 'this machine does not let us make user name spaces';
  }
}

test('when no watches are left it is ENOSPC, and when no instances are, EMFILE', {
  skip: cannotLimit(),
}, (t) => {
  const directory = tempDir(t);
  const addAll = `
    import { mkdirSync } from 'node:fs';
    const inotify = new Inotify({ onReadable() {} });
    try {
      for (const name of ['a', 'b', 'c']) {
        mkdirSync('${directory}/' + name);
        inotify.add('${directory}/' + name);
      }
    } catch (error) {
      console.log(error.code, error.syscall, error.path);
    }
    inotify.close();`;
  assert.equal(runLimited('watches', addAll), `ENOSPC inotify_add_watch ${directory}/c`);
  const openAll = `
    const opened = [];
    try {
      for (let i = 0; i < 3; i += 1) opened.push(new Inotify({ onReadable() {} }));
    } catch (error) {
      console.log(opened.length, error.code, error.syscall);
    }
    for (const inotify of opened) inotify.close();`;
  assert.equal(runLimited('instances', openAll), '2 EMFILE inotify_init1');
});

test('a process that watches lives on, and ends by process.exit at once, and by itself after close', async (t) => {
  const directory = tempDir(t);
  const script = `
    const inotify = new Inotify({ onReadable: () => { inotify.read(); process.send('event'); } });
    inotify.add('${directory}');
    process.on('message', (message) => {
      if (message === 'exit') process.exit(7);
      inotify.close();
      process.disconnect();
    });
    process.channel.unref();
    process.send('ready');`;
  for (const [message, code] of [
    ['exit', 7],
    ['close', 0],
  ] as const) {
    const child = spawn(process.execPath, nodeArgs(script), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child, 'message');
    child.send(message);
    assert.deepEqual(await once(child, 'exit'), [code, null]);
  }
});

test('an error in onReadable is an uncaught one, not lost', (t) => {
  const directory = tempDir(t);
  const script = `
    import { writeFileSync } from 'node:fs';
    const inotify = new Inotify({ onReadable() { throw new Error('from onReadable'); } });
    inotify.add('${directory}');
    process.on('uncaughtException', ({ message }) => { console.log(message); process.exit(); });
    writeFileSync('${directory}/file', '');`;
  assert.equal(
    execFileSync(process.execPath, nodeArgs(script), { encoding: 'utf8' }).trim(),
    'from onReadable',
  );
});
