import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnvironmentError, errnoOf } from '../../../shared/errors.ts';
import { fromBytes, fromText } from '../../../shared/fs/byte-path.ts';
import { lastErrno, lazily, libcFunction, systemCall } from '../../../shared/linux/libc.ts';
import { systemCallError } from '../../../shared/linux/system-call-error.ts';

test('a function that libc lacks is an error of the environment that names it', () => {
  assert.throws(
    () => libcFunction('int no_such_function_in_libc(int)'),
    (error) => {
      assert.ok(error instanceof EnvironmentError);
      assert.equal(error.code, 'libc.function');
      assert.match(error.message, /no_such_function_in_libc/);
      assert.ok(error.hint);
      return true;
    },
  );
});

test('a system call that libc has no function for is made by its number', () => {
  const getpid = systemCall('int', 'no_such_function_in_libc', 'int', { x64: 39, arm64: 172 });
  assert.equal(getpid(0), process.pid);
  const close = systemCall('int', 'no_such_function_in_libc', 'int', { x64: 3, arm64: 57 });
  assert.equal(close(99_999), -1);
  assert.equal(errnoOf(systemCallError(lastErrno(), 'close')), 'EBADF');
});

test('errors have the names that node:fs uses, and others as well', () => {
  const codes = [11, 35, 95, 116, 117, 122, 4095].map((errno) => systemCallError(errno, 'x').code);
  assert.deepEqual(codes, ['EAGAIN', 'EDEADLK', 'ENOTSUP', 'ESTALE', 'EUCLEAN', 'EDQUOT', 'E4095']);
  for (const code of codes) assert.equal(errnoOf(Object.assign(new Error(), { code })), code);
});

test('errors show names as text, whatever bytes they are', () => {
  const error = systemCallError(2, 'open', fromText('/ä'), fromBytes(Buffer.from([0x2f, 0xff])));
  assert.equal(error.message, "ENOENT: no such file or directory, open '/ä' -> '/\ufffd'");
  assert.equal(error.path, '/ä');
  assert.equal(systemCallError(5, 'syncfs').path, undefined);
});

test('what is made lazily is made once', () => {
  let made = 0;
  const get = lazily(() => {
    made += 1;
    return made;
  });
  assert.equal(made, 0);
  assert.equal(get() + get(), 2);
});
