import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { makeFifo } from '../../../shared/linux/fifo.ts';
import { tempDir } from '../../support/temp.ts';

test('a named pipe is made for its owner alone, and never over something that is there', (t) => {
  const path = join(tempDir(t), 'pipe');
  makeFifo(fromText(path));
  assert.ok(lstatSync(path).isFIFO());
  assert.equal(lstatSync(path).mode & 0o777, 0o600);
  assert.throws(() => makeFifo(fromText(path)), { code: 'EEXIST', syscall: 'mkfifo', path });
});
