import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { inspect } from 'node:util';
import { WharfingerError } from '../../../../shared/errors.ts';
import { loadProfiles, type Profiles } from '../../../../shared/object-store/credentials/load-profiles.ts';
import { tempDir } from '../../../support/temp.ts';

/** What no message may hold. Nothing else in a test has these letters. */
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY';

export const KEYS = `aws_access_key_id = AKIA1\naws_secret_access_key = ${SECRET}\n`;

/** The text, or the bytes, in a file that only its owner may read. */
export function given(t: TestContext, content: string | Uint8Array, mode = 0o600): string {
  const path = join(tempDir(t), 'credentials');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** What `--credentials` with this file gives. */
export const explicitly = (file: string): Profiles => loadProfiles({ file, env: {}, home: '/nonexistent' });

/** A home with these files below `.aws`. */
export function homeWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const home = tempDir(t);
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, '.aws', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
  }
  return home;
}

export const searched = (home: string, env: Readonly<Record<string, string>> = {}): Profiles =>
  loadProfiles({ file: undefined, env, home });

/** The expected error of `action`, of which no part shows the secret. */
export function refused(action: () => unknown): WharfingerError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof WharfingerError, inspect(error));
    const everything = `${inspect(error, { depth: Infinity, showHidden: true, getters: true })} ${JSON.stringify(error)}`;
    assert.ok(!everything.includes(SECRET), 'the error shows the secret');
    assert.ok(!error.message.includes('\n'), 'the message has more than one line');
    return error;
  }
  throw new Error('nothing was refused');
}

/** The line and the hint that a person sees, with `FILE` for the path. */
export function refusal(file: string, action: () => unknown): string {
  const { message, hint } = refused(action);
  return `${message}; ${hint}`.replaceAll(file, 'FILE');
}
