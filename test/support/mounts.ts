import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, truncateSync } from 'node:fs';
import type { TestContext } from 'node:test';

/** Why this process may not mount, or undefined where it may. For `skip`. */
export function cannotMount(): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'this machine does not let us mount';
  }
}

const mount = (t: TestContext, directory: string, ...args: string[]): string => {
  mkdirSync(directory, { recursive: true });
  execFileSync('mount', [...args, directory], { stdio: 'pipe' });
  t.after(() => unmount(directory));
  return directory;
};

/** Detaches a mount, also one that was detached before. */
export function unmount(directory: string): void {
  try {
    execFileSync('umount', ['-l', directory], { stdio: 'pipe' });
  } catch {
    // Detached already by the test itself.
  }
}

export const mountTmpfs = (t: TestContext, directory: string, sizeBytes: number): string =>
  mount(t, directory, '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs');

/** `source` under a second name: the same file system, and yet rename between the two says EXDEV. */
export const mountBind = (t: TestContext, source: string, directory: string): string =>
  mount(t, directory, '--bind', source);

/** A new file system in a file. */
export function mountLoop(
  t: TestContext,
  image: string,
  directory: string,
  type: 'ext4' | 'xfs',
  sizeBytes: number,
): string {
  closeSync(openSync(image, 'w'));
  truncateSync(image, sizeBytes);
  execFileSync(`mkfs.${type}`, type === 'ext4' ? ['-q', '-F', image] : ['-q', '-f', image], {
    stdio: 'pipe',
  });
  return mount(t, directory, '-o', 'loop', image);
}

/** Whether a program is installed. */
export function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
