import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Resolved, resolveSettings, type Sources } from '../../../shared/config/resolve.ts';
import { type ResolvedServer, resolveServe } from '../../../shared/config/resolve-serve.ts';
import { resolveWatch } from '../../../shared/config/resolve-watch.ts';
import type { Settings } from '../../../shared/config/settings.ts';
import { UsageError } from '../../../shared/errors.ts';
import { tempDir } from '../../support/temp.ts';

/** Settings from what is given, on a machine with 6 processors, with /home/ann as the working directory. */
export const settingsFrom = (given: Partial<Sources> = {}): Resolved => resolveSettings(sourcesOf(given));

/** The same of `serve`. */
export const serverFrom = (given: Partial<Sources>): ResolvedServer => resolveServe(sourcesOf(given));

/** The same of `watch`. */
export const watchFrom = (given: Partial<Sources>): Settings => resolveWatch(sourcesOf(given));

const sourcesOf = (given: Partial<Sources>): Sources => ({
  flags: {},
  env: {},
  cwd: '/home/ann',
  cores: 6,
  onTerminal: false,
  ...given,
});

/** A config file with this text. */
export function configFile(t: TestContext, text: string | Buffer): string {
  const path = join(tempDir(t), 'wharfinger.yaml');
  writeFileSync(path, text);
  return path;
}

/** A file with targets that says this: JSON is YAML too. */
export const targetsFile = (t: TestContext, value: unknown): string => configFile(t, JSON.stringify(value));

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
