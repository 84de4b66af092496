import { statSync } from 'node:fs';
import { UsageError, WharfingerError } from '../errors.ts';
import { loadProfiles, type Profiles, profileOf } from './credentials/load-profiles.ts';
import type { Profile } from './credentials/profile.ts';
import { ObjectStore } from './store.ts';

export type StoresOptions = {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  maxSockets?: number;
};

/** To be connected; without a byte in either direction; for one request with its body, on a slow line too. */
const TIMES = { connectMs: 10_000, idleMs: 60_000, requestMs: 600_000 };
const MAX_SOCKETS = 16;

type Loaded = { profiles: Profiles; stamp: string };

/**
 * The connection to each profile, made when it is first asked for. A file of credentials that was changed is read again: a secret that
 * was mended helps without a restart.
 */
export class Stores {
  readonly #options: StoresOptions;
  readonly #loaded = new Map<string, Loaded>();
  readonly #stores = new Map<string, { store: ObjectStore; profile: Profile }>();

  constructor(options: StoresOptions) {
    this.#options = options;
  }

  /**
   * @param credentials the file that has the profile; '' where it is searched for
   * @throws UsageError `credentials.…` where the file or the profile will not do; EnvironmentError where it cannot be read
   */
  get(credentials: string, profile: string): ObjectStore {
    const found = profileOf(this.#profiles(credentials), profile);
    const key = `${credentials}\0${profile}`;
    const known = this.#stores.get(key);
    if (known?.profile === found) return known.store;
    known?.store.close();
    const { maxSockets = MAX_SOCKETS } = this.#options;
    const store = new ObjectStore({ profile: found, ...TIMES, maxSockets });
    this.#stores.set(key, { store, profile: found });
    return store;
  }

  close(): void {
    for (const { store } of this.#stores.values()) store.close();
    this.#stores.clear();
  }

  #profiles(credentials: string): Profiles {
    const stamp = stampOf(credentials);
    const known = this.#loaded.get(credentials);
    if (known?.stamp === stamp) return known.profiles;
    const { env, home } = this.#options;
    const profiles = loadProfiles({ file: credentials === '' ? undefined : credentials, env, home });
    this.#loaded.set(credentials, { profiles, stamp });
    return profiles;
  }
}

/** Changes when the file does; where the profiles were searched for they stay what they are. */
function stampOf(credentials: string): string {
  if (credentials === '') return 'searched';
  const stats = statSync(credentials, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? 'missing' : `${stats.ino}:${stats.mtimeNs}:${stats.size}`;
}

/** Why there is no connection to a profile, in one line; undefined for what is no matter of credentials. */
export const credentialsFault = (error: unknown): string | undefined =>
  error instanceof WharfingerError && error.code.startsWith('credentials.')
    ? `${error.message}${error instanceof UsageError && error.hint !== undefined ? `; ${error.hint}` : ''}`
    : undefined;
