import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EnvironmentError, UsageError } from '../../../../shared/errors.ts';
import { tempDir } from '../../../support/temp.ts';
import { explicitly, given, KEYS, refusal, refused, SECRET } from './given.ts';

const AMAZON = `[lab]\nprovider = amazon\nregion = eu-west-1\n${KEYS}`;
const MEBIBYTE = 1024 * 1024;

test('a file that is not there is refused', (t) => {
  const file = join(tempDir(t), 'none');
  assert.equal(
    refusal(file, () => explicitly(file)),
    'there is no credentials file FILE; give the path of a file with profiles, in the syntax of the AWS CLI',
  );
  assert.ok(refused(() => explicitly(file)) instanceof UsageError);
});

test('a directory is refused', (t) => {
  const directory = tempDir(t);
  assert.equal(
    refusal(directory, () => explicitly(directory)),
    'the credentials file FILE is a directory; give the file in it',
  );
});

test('a named pipe is refused at once, without waiting for a writer', (t) => {
  const pipe = join(tempDir(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  assert.equal(
    refusal(pipe, () => explicitly(pipe)),
    'the credentials file FILE is not a regular file; write the profiles into a file of mode 0600',
  );
});

test('a file of 1 MiB is read, and one byte more is refused', (t) => {
  const filling = (sizeBytes: number) => `${AMAZON}#${'x'.repeat(sizeBytes - AMAZON.length - 1)}`;
  assert.equal(explicitly(given(t, filling(MEBIBYTE))).byName.size, 1);

  const file = given(t, filling(MEBIBYTE + 1));
  assert.equal(
    refusal(file, () => explicitly(file)),
    'the credentials file FILE is larger than 1 MiB; give the file with the profiles, in the syntax of the AWS CLI',
  );
});

for (const [what, bytes] of [
  ['Latin-1', Buffer.from(`# für Müller\n${AMAZON}`, 'latin1')],
  ['UTF-16', Buffer.from(`\uFEFF${AMAZON}`, 'utf16le')],
] as const) {
  test(`a file in ${what} is refused`, (t) => {
    const file = given(t, bytes);
    const line = refusal(file, () => explicitly(file));
    assert.equal(line, 'the credentials file FILE is not UTF-8 text; save it as UTF-8');
    assert.ok(!line.includes(SECRET));
  });
}

test('a file that the machine does not let us read is the fault of the machine', (t) => {
  // A loop of links, because a test that runs as root may read everything else.
  const loop = join(tempDir(t), 'loop');
  symlinkSync(loop, loop);
  assert.ok(refused(() => explicitly(loop)) instanceof EnvironmentError);
  assert.equal(
    refusal(loop, () => explicitly(loop)),
    'the credentials file FILE cannot be read (ELOOP); let this user read it, and nobody else',
  );
});
