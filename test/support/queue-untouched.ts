import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '../../shared/errors.ts';

/** Every file below a directory with its content, mode and time of change. */
const contents = (directory: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
      const { mode, mtimeMs } = statSync(join(directory, name));
      const sha256 = statSync(join(directory, name)).isFile()
        ? hash('sha256', readFileSync(join(directory, name)))
        : '';
      return [name, `${mode.toString(8)} ${mtimeMs} ${sha256}`];
    }),
  );

/** Runs `work` and asserts that no file below the directory came, went, or is another. */
export function assertUntouched(directory: string, work: () => void): void {
  const before = contents(directory);
  work();
  assert.deepEqual(contents(directory), before);
}

/** Asserts that `work` throws an EnvironmentError of this code, which names the file and says how to mend it. */
export function assertRefused(code: string, path: string, work: () => unknown): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof EnvironmentError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.subject, path);
    assert.ok(error.message.includes(path), error.message);
    assert.ok(error.hint !== undefined && error.hint.length > 10);
    return true;
  });
}
