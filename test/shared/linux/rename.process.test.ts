import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type BytePath, fromText, join } from '../../../shared/fs/byte-path.ts';
import { has } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';

const at = (directory: string, name: string): BytePath => join(fromText(directory), name);

/** Renames in a process of its own, for whom the kernel does not know renameat2's flag. */
function renameWithoutTheFlag(directory: string, from: string, to: string): string {
  const script = `
    import { renameNoReplace } from ${JSON.stringify(new URL('../../../shared/linux/rename.ts', import.meta.url).href)};
    try {
      renameNoReplace(${JSON.stringify(at(directory, from))}, ${JSON.stringify(at(directory, to))});
      console.log('renamed');
    } catch (error) {
      console.log(error.code);
    }`;
  const trace = [
    '-f',
    '-qq',
    '-o',
    `${directory}/trace`,
    '-e',
    'trace=renameat2',
    '-e',
    'inject=renameat2:error=EINVAL',
  ];
  const node = [process.execPath, '--input-type=module-typescript', '-e', script];
  const output = execFileSync('strace', [...trace, ...node], { encoding: 'utf8' });
  assert.match(readFileSync(`${directory}/trace`, 'utf8'), /EINVAL .*INJECTED/);
  return output.trim();
}

test('where the file system does not know how to not replace, a file is renamed all the same, and replaces nothing', {
  skip: has('strace') ? false : 'strace is not installed',
}, (t) => {
  const directory = tempDir(t);
  writeFileSync(at(directory, 'from'), 'content');
  writeFileSync(at(directory, 'taken'), 'other');
  mkdirSync(at(directory, 'directory'));
  assert.equal(renameWithoutTheFlag(directory, 'from', 'taken'), 'EEXIST');
  assert.equal(readFileSync(at(directory, 'taken'), 'utf8'), 'other');
  assert.equal(renameWithoutTheFlag(directory, 'directory', 'moved'), 'EINVAL');
  assert.equal(renameWithoutTheFlag(directory, 'missing', 'moved'), 'ENOENT');
  const { ino } = lstatSync(at(directory, 'from'));
  assert.equal(renameWithoutTheFlag(directory, 'from', 'to'), 'renamed');
  assert.equal(lstatSync(at(directory, 'to')).ino, ino);
  assert.deepEqual(readdirSync(directory), ['directory', 'taken', 'to', 'trace']);
});
