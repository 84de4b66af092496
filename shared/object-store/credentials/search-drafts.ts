import { join } from 'node:path';
import { draftInEnvironment, ENVIRONMENT, type Environment } from './draft-in-environment.ts';
import { type DraftsInFile, draftsIn, type FileKind, isMeantForUs } from './drafts-in-file.ts';
import { readCredentialsFile } from './read-credentials-file.ts';
import { type Draft, layOver } from './settings.ts';

export type Search = {
  drafts: readonly Draft[];
  /** The names of profiles that belong to other tools. */
  leftOut: ReadonlySet<string>;
  warnings: string[];
  /** Everywhere that was looked, for a message. */
  places: readonly string[];
};

/** Looks for profiles where the AWS CLI does, see `loadProfiles`. A file that is not there is none; one that cannot be read throws. */
export function searchDrafts(env: Environment, home: string): Search {
  const credentials = searchFile(env, home, 'AWS_SHARED_CREDENTIALS_FILE', 'credentials');
  const config = searchFile(env, home, 'AWS_CONFIG_FILE', 'config');
  const all = new Map(config.drafts);
  for (const [name, draft] of credentials.drafts) all.set(name, layOver(draft, all.get(name)));
  const ofEnvironment = draftInEnvironment(env, all);
  if (ofEnvironment !== undefined) all.set(ofEnvironment.name, ofEnvironment);

  const found = [...all.values()];
  return {
    drafts: found.filter(isMeantForUs),
    leftOut: new Set(found.filter((draft) => !isMeantForUs(draft)).map(({ name }) => name)),
    warnings: [...credentials.warnings, ...config.warnings],
    places: [ENVIRONMENT, credentials.path, config.path],
  };
}

function searchFile(
  env: Environment,
  home: string,
  variable: string,
  kind: FileKind,
): DraftsInFile & { path: string } {
  const given = env[variable] ?? '';
  const path = given === '' ? join(home, '.aws', kind) : given.replace(/^~(?=\/)/, () => home);
  const file = readCredentialsFile(path);
  if (file !== undefined) return { path, ...draftsIn(file, kind) };
  // The AWS CLI says nothing about it; a slip in the variable is then hard to find.
  const warnings = given === '' ? [] : [`there is no file ${path}, which ${variable} names`];
  return { path, drafts: new Map(), warnings };
}
