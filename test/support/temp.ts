import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/**
 * A directory of the test's own: gone when the test has passed, kept, with its path printed, when it has failed. It goes after all
 * hooks that the test registers, so that they may close and unmount first.
 */
export function tempDir(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'wharfinger-test-'));
  // Hooks run in the order in which they were registered; one that is registered in a hook runs last.
  context.after(() => context.after(() => remove(context, directory)));
  return directory;
}

function remove(context: TestContext, directory: string): void {
  if (passed(context)) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  else context.diagnostic(`kept for you to look at: ${directory}`);
}

/** `passed` is there since Node 22, and not yet in the types. */
const passed = (context: TestContext): boolean => 'passed' in context && context.passed === true;
