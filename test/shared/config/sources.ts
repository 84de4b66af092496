import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Resolved, resolveSettings, type Sources } from '../../../shared/config/resolve.ts';
import { UsageError } from '../../../shared/errors.ts';
import { tempDir } from '../../support/temp.ts';

/** Settings from what is given, on a machine with 6 processors, with /home/ann as the working directory. */
export const settingsFrom = (given: Partial<Sources> = {}): Resolved =>
  resolveSettings({ flags: {}, env: {}, cwd: '/home/ann', cores: 6, onTerminal: false, ...given });

/** A config file with this text. */
export function configFile(t: TestContext, text: string | Buffer): string {
  const path = join(tempDir(t), 'wharfinger.yaml');
  writeFileSync(path, text);
  return path;
}

/** What a person reads about a usage error: message, then hint. */
export function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return `${error.message}; ${error.hint}`;
    throw error;
  }
  throw new Error('it was not refused');
}
