import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { lastWords } from '../../../apps/cli/last-words.ts';
import { EnvironmentError, UsageError } from '../../../shared/errors.ts';

test('an expected error is one line with its hint, whatever a file name holds', () => {
  const error = new EnvironmentError('there is no file a\nb\x1b[31m\x9b', { code: 'x', hint: 'look' });
  assert.deepEqual(lastWords(error), {
    text: 'wharfinger: there is no file a\\x0ab\\x1b[31m\\x9b; look\n',
    exitCode: 5,
  });
  assert.deepEqual(lastWords(new UsageError('no', { code: 'x' })), { text: 'wharfinger: no\n', exitCode: 2 });
});

test('a defect is its stack with its causes, and where to report it', () => {
  const error = new TypeError('boom', { cause: new RangeError('deep') });
  const { text, exitCode } = lastWords(error, 'https://example.org/issues');
  assert.equal(exitCode, 1);
  assert.match(text, /^TypeError: boom\n {4}at [\s\S]*RangeError: deep\n {6,}at /);
  assert.match(
    text,
    /this is a defect of wharfinger; please report it at https:\/\/example.org\/issues with the lines above\n$/,
  );
  assert.equal(lastWords('a string').exitCode, 1);
});

test('a system call that failed is the environment, told with its path and meaning', () => {
  const caught = (action: () => unknown): unknown => {
    try {
      return action();
    } catch (error) {
      return error;
    }
  };
  assert.deepEqual(lastWords(caught(() => readFileSync('/nowhere/at all'))), {
    text: 'wharfinger: open /nowhere/at all: no such file or directory (ENOENT); `wharfinger doctor` looks for what is wrong here\n',
    exitCode: 5,
  });
  const full = Object.assign(new Error('x'), { code: 'ENOSPC', syscall: 'write' });
  assert.match(lastWords(full).text, /^wharfinger: write: no space left on device \(ENOSPC\); free space/);
  const unknown = Object.assign(new Error('x'), { code: 'EWHATEVER' });
  assert.match(lastWords(unknown).text, /^wharfinger: the system refused \(EWHATEVER\); /);
});

for (const [code, said] of [
  ['SQLITE_BUSY_SNAPSHOT', /locked by another program/],
  ['SQLITE_LOCKED', /locked by another program/],
  ['SQLITE_CORRUPT_INDEX', /damaged/],
  ['SQLITE_NOTADB', /damaged/],
  ['SQLITE_FULL', /no space left/],
  ['SQLITE_READONLY_DBMOVED', /cannot be written/],
  ['SQLITE_CANTOPEN', /cannot be opened/],
  ['SQLITE_IOERR_WRITE', /cannot be read or written/],
] as const) {
  test(`${code} is the environment`, () => {
    const { text, exitCode } = lastWords(new Database.SqliteError('message', code));
    assert.equal(exitCode, 5);
    assert.match(text, said);
    assert.match(text, /^wharfinger: the state file [^\n]+; [^\n]+\n$/);
  });
}

test('SQL that is wrong is a defect', () => {
  assert.equal(lastWords(new Database.SqliteError('no such column', 'SQLITE_ERROR')).exitCode, 1);
  assert.equal(lastWords(new Database.SqliteError('UNIQUE', 'SQLITE_CONSTRAINT_UNIQUE')).exitCode, 1);
});
