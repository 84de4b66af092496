/** What can be said of a profile, under the name that the AWS CLI gives it in a file (`provider` is ours). */
export const SETTINGS = [
  'provider',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'region',
  'endpoint_url',
] as const;
export type Setting = (typeof SETTINGS)[number];

/** The three that belong to each other: a token is worth nothing with another key. */
export const KEY_SETTINGS = ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token'] as const;

/** The variables of each, the stronger first, as the AWS CLI ranks those that it knows. */
export const VARIABLES: Readonly<Record<Setting, readonly [string, ...string[]]>> = {
  provider: ['AWS_PROVIDER'],
  aws_access_key_id: ['AWS_ACCESS_KEY_ID'],
  aws_secret_access_key: ['AWS_SECRET_ACCESS_KEY'],
  aws_session_token: ['AWS_SESSION_TOKEN'],
  region: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  endpoint_url: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT'],
};

/** What is said, where, and under which name, for messages. */
export type Found = { value: string; place: string; as: string };

/** What is known of a profile before it is judged. It holds secrets in the clear, and never leaves this directory. */
export type Draft = {
  name: string;
  /** A path, or `the environment`. */
  place: string;
  /** As it stands in the file, `[profile lab]`; undefined for the environment. */
  header: string | undefined;
  found: ReadonlyMap<Setting, Found>;
};

const BY_KEY: ReadonlyMap<string, Setting> = new Map([
  ...SETTINGS.map((setting) => [setting, setting] as const),
  ...SETTINGS.flatMap((setting) => VARIABLES[setting].map((name) => [name.toLowerCase(), setting] as const)),
  ['endpoint', 'endpoint_url'],
]);

/** The setting that a key of a file means, in either case: each name of a variable is a key as well. */
export const settingOf = (key: string): Setting | undefined => BY_KEY.get(key.toLowerCase());

/** Whether anything is said of the keys themselves. */
export const hasKeys = ({ found }: Draft): boolean =>
  found.has('aws_access_key_id') || found.has('aws_secret_access_key');

/**
 * `upper` over `lower`, setting by setting, as the AWS CLI lays the environment over the credentials file and that over the config
 * file. Key, secret and token come together from one of them, so that an old token never meets a new key.
 */
export function layOver(upper: Draft, lower: Draft | undefined): Draft {
  if (lower === undefined) return upper;
  const [keys, others] = hasKeys(upper) ? [upper, lower] : [lower, upper];
  const found = new Map([...lower.found, ...upper.found]);
  for (const setting of KEY_SETTINGS) {
    found.delete(setting);
    const said = keys.found.get(setting);
    if (said !== undefined) found.set(setting, said);
  }
  // What is missing is best written where the keys stand; where there are none, in the stronger place that is a file.
  const { place, header } = hasKeys(keys) || others.header === undefined ? keys : others;
  return { name: upper.name, place, header, found };
}
