import { type Draft, type Found, hasKeys, layOver, SETTINGS, type Setting, VARIABLES } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** As a place in a message. */
export const ENVIRONMENT = 'the environment';

/**
 * The one profile that the environment speaks of, laid over what the files say of it (`inFiles`): its name is AWS_PROFILE, or
 * `default`. Undefined where the environment has no keys and the files do not know it. With keys in the environment and a provider
 * nowhere, it is `amazon` without an endpoint and `s3` with one. An empty variable counts as none.
 */
export function draftInEnvironment(env: Environment, inFiles: ReadonlyMap<string, Draft>): Draft | undefined {
  const name = said(env, 'AWS_PROFILE') ?? 'default';
  const own: Draft = { name, place: ENVIRONMENT, header: undefined, found: foundIn(env) };
  const lower = inFiles.get(name);
  if (!hasKeys(own)) return lower && layOver(own, lower);

  const draft = layOver(own, lower);
  if (draft.found.has('provider')) return draft;
  const value = draft.found.has('endpoint_url') ? 's3' : 'amazon';
  const provider: Found = { value, place: ENVIRONMENT, as: VARIABLES.provider[0] };
  return { ...draft, found: new Map(draft.found).set('provider', provider) };
}

function foundIn(env: Environment): Map<Setting, Found> {
  const found = new Map<Setting, Found>();
  for (const setting of SETTINGS) {
    for (const as of VARIABLES[setting].toReversed()) {
      const value = said(env, as);
      if (value !== undefined) found.set(setting, { value, place: ENVIRONMENT, as });
    }
  }
  return found;
}

function said(env: Environment, variable: string): string | undefined {
  const value = env[variable]?.trim();
  return value === '' ? undefined : value;
}
