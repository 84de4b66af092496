import { homedir } from 'node:os';
import type { SinkSettings } from '../../shared/config/settings.ts';

/**
 * Sees that the profile of each sink is there and whole, before anything runs: a slip in a name is told at once, and not by files that
 * wait. Speaks to no server, and loads nothing that does.
 *
 * @returns what is usable and yet not as it should be, a line each
 * @throws UsageError for the first profile that will not do; EnvironmentError where a file with credentials cannot be read
 */
export async function checkProfiles(
  all: readonly SinkSettings[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const sinks = all.filter((sink) => sink.type === 's3');
  if (sinks.length === 0) return [];
  const { loadProfiles, profileOf } = await import('../../shared/object-store/credentials/load-profiles.ts');
  const files = [...new Set(sinks.map(({ credentials }) => credentials))];
  return files.flatMap((file) => {
    const profiles = loadProfiles({ file, env, home: homedir() });
    for (const { credentials, to } of sinks)
      if (credentials === file && to.by === 'key') profileOf(profiles, to.profile);
    return [...profiles.warnings];
  });
}
