import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type BytePath, toText } from '../../shared/fs/byte-path.ts';

const chattr = (flag: '+i' | '-i', path: string) => execFileSync('chattr', [flag, path], { stdio: 'pipe' });

/** Makes a file or a directory one that even root may not change (EPERM), until `change` is called or the test ends. */
export function makeImmutable(context: TestContext, path: BytePath): { change(): void } {
  chattr('+i', toText(path));
  const change = () => void chattr('-i', toText(path));
  context.after(() => {
    try {
      change();
    } catch {
      // It was moved away since.
    }
  });
  return { change };
}

/** Options of a test that needs this. */
export const needsImmutable = { skip: whyNot() };

function whyNot(): string | false {
  const directory = mkdtempSync(join(tmpdir(), 'wharfinger-test-'));
  try {
    const path = join(directory, 'probe');
    writeFileSync(path, '');
    chattr('+i', path);
    chattr('-i', path);
    return false;
  } catch {
    return 'this file system or this user cannot make a file immutable';
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
