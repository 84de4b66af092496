import { WharfingerError } from '../../../shared/errors.ts';
import { checkProfiles } from '../check-profiles.ts';
import { type Check, type Examined, fail, ok, warn } from './check.ts';

/** Nothing where nothing is handed on to object storage. */
export async function examineProfiles({ settings, env }: Examined): Promise<Check[]> {
  const sinks = settings.routes.flatMap((route) => route.sinks).filter(({ type }) => type === 's3');
  if (sinks.length === 0) return [];
  try {
    const warnings = await checkProfiles(sinks, env);
    return [
      ok('credentials', 'the profiles of all sinks are there and whole; no server was asked'),
      ...warnings.map((what) => warn('credentials', what, 'it works as it is; mend it all the same')),
    ];
  } catch (error) {
    if (!(error instanceof WharfingerError)) throw error;
    return [fail('credentials', error.message, error.hint ?? 'mend the file with the credentials')];
  }
}
