import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { has } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';

const MODULE = JSON.stringify(new URL('../../../shared/fs/durable.ts', import.meta.url).href);

const nodeArgs = (script: string): string[] => [
  '--input-type=module-typescript',
  '-e',
  `import { fsyncDirectory, makeDirectoryDurable } from ${MODULE};\n${script}`,
];

const needsStrace = { skip: has('strace') ? false : 'strace is not installed' };

/** Runs a script under strace. @returns what it printed, and the traced calls */
function traced(directory: string, strace: string[], script: string): { output: string; calls: string[] } {
  const file = `${directory}/trace`;
  const args = ['-f', '-qq', '-y', '-o', file, ...strace, process.execPath, ...nodeArgs(script)];
  const output = execFileSync('strace', args, { encoding: 'utf8' }).trim();
  return { output, calls: readFileSync(file, 'utf8').split('\n') };
}

/** The calls that touch `directory`, as `call path`. */
const touching = (calls: string[], directory: string): string[] =>
  calls.flatMap((line) => {
    const [, call, path = ''] = /(mkdir|fsync)\([^"<]*["<]([^">]*)/.exec(line) ?? [];
    return path.startsWith(directory) ? [`${call} ${path.slice(directory.length)}`] : [];
  });

test('each new name is fsynced into its parent before anything is made below it', needsStrace, (t) => {
  const directory = tempDir(t);
  mkdirSync(`${directory}/root`);
  const { calls } = traced(
    directory,
    ['-e', 'trace=mkdir,mkdirat,fsync'],
    `makeDirectoryDurable('${directory}/root', '${directory}/root/a/b');`,
  );
  assert.deepEqual(touching(calls, directory), [
    'mkdir /root/a',
    'fsync /root',
    'mkdir /root/a/b',
    'fsync /root/a',
  ]);
});

test('a name that is there already is fsynced too: its maker may have died before', needsStrace, (t) => {
  const directory = tempDir(t);
  mkdirSync(`${directory}/root/a`, { recursive: true });
  const { calls } = traced(
    directory,
    ['-e', 'trace=fsync'],
    `const known = new Set();
     for (const _ of [1, 2]) makeDirectoryDurable('${directory}/root', '${directory}/root/a', known);`,
  );
  assert.deepEqual(touching(calls, directory), ['fsync /root']);
});

test('a file system that cannot fsync directories is let be, a failing one is not', needsStrace, (t) => {
  const directory = tempDir(t);
  const script = `
    try {
      fsyncDirectory('${directory}');
      console.log('done');
    } catch (error) {
      console.log(error.code);
    }`;
  const outputs = ['EINVAL', 'EIO', 'ENOSPC'].map(
    (errno) =>
      traced(directory, ['-P', directory, '-e', 'trace=fsync', '-e', `inject=fsync:error=${errno}`], script)
        .output,
  );
  assert.deepEqual(outputs, ['done', 'EIO', 'ENOSPC']);
});

test('processes that make the same directories at once all succeed', async (t) => {
  const directory = tempDir(t);
  const script = `
    for (let i = 0; i < 100; i += 1)
      makeDirectoryDurable('${directory}', '${directory}/' + i + '/a/b');
    console.log('done');`;
  const run = promisify(execFile);
  const runs = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, nodeArgs(script))));
  assert.deepEqual(
    runs.map(({ stdout }) => stdout.trim()),
    ['done', 'done', 'done', 'done'],
  );
  assert.ok(existsSync(`${directory}/99/a/b`));
});

test('a directory that others remove meanwhile is made all the same', async (t) => {
  const directory = tempDir(t);
  const script = `
    import { rmSync } from 'node:fs';
    for (let i = 0; i < 300; i += 1) {
      try {
        makeDirectoryDurable('${directory}', '${directory}/a/b/c');
      } catch (error) {
        // Each time in all attempts: not impossible, and then the right answer.
        if (error.code !== 'ENOENT') throw error;
      }
      rmSync('${directory}/a', { recursive: true, force: true, maxRetries: 9 });
    }
    console.log('done');`;
  const run = promisify(execFile);
  const runs = await Promise.all([1, 2].map(() => run(process.execPath, nodeArgs(script))));
  assert.deepEqual(
    runs.map(({ stdout }) => stdout.trim()),
    ['done', 'done'],
  );
});
