import { nearest, show } from '../../config/words.ts';
import { UsageError } from '../../errors.ts';
import { draftsIn } from './drafts-in-file.ts';
import { judgeProfile } from './judge-profile.ts';
import type { Profile } from './profile.ts';
import { readCredentialsFile } from './read-credentials-file.ts';
import { searchDrafts } from './search-drafts.ts';
import type { Draft } from './settings.ts';

export type CredentialSources = {
  /** Absolute; the one given by `--credentials` or a sink's `credentials`. */
  file: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory. */
  home: string;
};

export type Profiles = {
  byName: ReadonlyMap<string, Profile>;
  /** For logs: where they come from, e.g. a path or `the environment`. */
  origin: string;
  /** For the log, a line each: what is usable and yet not as it should be. */
  warnings: readonly string[];
  /** Profiles of other tools, without provider and access key, in the searched files. */
  leftOut?: ReadonlySet<string>;
};

/** More would hide the hint. */
const MAX_NAMED = 10;

/**
 * All profiles there are, each whole and judged.
 *
 * A `file` that was given explicitly wins over all: it alone counts, and neither the environment nor the AWS CLI's files are looked
 * at. Every profile in it must be whole.
 *
 * Otherwise the search is the AWS CLI's: the environment, which speaks of one profile (AWS_PROFILE, else `default`) and wins for it
 * setting by setting; then AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials; then AWS_CONFIG_FILE or ~/.aws/config. Key, secret and
 * session token of a profile come from one of these together. A profile in these files with neither provider nor access key (only
 * `sso_*`, `role_arn`, `credential_process`, or nothing) belongs to other tools: it is left out, and no error.
 *
 * Nothing that is thrown or returned shows a secret: `Secret` holds them, and no error repeats a value or a line.
 *
 * @throws UsageError for the first thing that is wrong, or where there is no profile at all; EnvironmentError where a file cannot be read
 */
export function loadProfiles(sources: CredentialSources): Profiles {
  return sources.file === undefined ? searched(sources) : explicit(sources.file);
}

/**
 * The profile of that name.
 *
 * @throws UsageError with the names there are, and the nearest
 */
export function profileOf(profiles: Profiles, name: string): Profile {
  const profile = profiles.byName.get(name);
  if (profile !== undefined) return profile;
  if (profiles.leftOut?.has(name)) {
    throw new UsageError(`profile ${show(name)} has neither provider nor access key`, {
      code: 'credentials.unknown',
      subject: name,
      hint: 'sign-on, roles and processes are not supported: write provider, aws_access_key_id and aws_secret_access_key',
    });
  }
  const known = [...profiles.byName.keys()];
  const more = known.length > MAX_NAMED ? ` and ${known.length - MAX_NAMED} more` : '';
  const meant = nearest(name, known);
  throw new UsageError(
    `there is no profile ${show(name)} in ${profiles.origin}, only ${known.slice(0, MAX_NAMED).join(', ')}${more}`,
    {
      code: 'credentials.unknown',
      subject: name,
      hint: meant === undefined ? 'give one of these, or add it' : `did you mean ${meant}?`,
    },
  );
}

function explicit(path: string): Profiles {
  const file = readCredentialsFile(path);
  if (file === undefined) {
    throw new UsageError(`there is no credentials file ${path}`, {
      code: 'credentials.missing',
      subject: path,
      hint: 'give the path of a file with profiles, in the syntax of the AWS CLI',
    });
  }
  const { drafts, warnings } = draftsIn(file, 'credentials');
  if (drafts.size === 0) throw noProfile(`there is no profile in ${path}`);
  return { byName: judged([...drafts.values()]), origin: path, warnings };
}

function searched({ env, home }: CredentialSources): Profiles {
  const { drafts, leftOut, warnings, places } = searchDrafts(env, home);
  if (drafts.length === 0) {
    const others = leftOut.size === 0 ? '' : ' with a provider or an access key';
    throw noProfile(`there is no profile${others} in ${places.join(' or ')}`);
  }
  const origin = [...new Set(drafts.map(({ place }) => place))].join(' and ');
  return { byName: judged(drafts), origin, warnings, leftOut };
}

const judged = (drafts: readonly Draft[]): Map<string, Profile> =>
  new Map(drafts.map((draft) => [draft.name, judgeProfile(draft)]));

const noProfile = (what: string): UsageError =>
  new UsageError(what, {
    code: 'credentials.none',
    hint: 'write [lab] and below it provider, aws_access_key_id, aws_secret_access_key and region into a file for --credentials',
  });
