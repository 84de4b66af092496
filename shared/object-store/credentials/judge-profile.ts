import { nearest } from '../../config/words.ts';
import { UsageError } from '../../errors.ts';
import { judgeEndpoint } from './judge-endpoint.ts';
import { PROVIDERS, type Profile, type Provider } from './profile.ts';
import { Secret } from './secret.ts';
import { type Draft, type Found, type Setting, VARIABLES } from './settings.ts';

const KEYS = ['aws_access_key_id', 'aws_secret_access_key'] as const;
const REQUIRED: Readonly<Record<Provider, readonly Setting[]>> = {
  amazon: [...KEYS, 'region'],
  cloudflare: [...KEYS, 'region', 'endpoint_url'],
  backblaze: [...KEYS, 'region', 'endpoint_url'],
  s3: [...KEYS, 'endpoint_url'],
};

/** Most servers of one site have no regions and take the one that clients send when they are told none. */
const DEFAULT_REGION = 'us-east-1';

/** The longest name of a directory on Linux. */
const MAX_NAME_BYTES = 255;

/**
 * What a connection needs, from what was said.
 *
 * @throws UsageError with the place, the profile, and every key that is missing or the first that is wrong; never with a value, as
 *   a secret may stand under the wrong key
 */
export function judgeProfile(draft: Draft): Profile {
  const { name, found } = draft;
  if (name === '.' || name === '..' || /[/\0]/.test(name) || Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw fault(draft.place, name, 'the name cannot be that of a directory', 'choose one without a slash');

  const said = found.get('provider');
  const provider = said === undefined ? undefined : judgeProvider(name, said);
  const required: readonly Setting[] = provider === undefined ? ['provider', ...KEYS] : REQUIRED[provider];
  const missing = required.filter((setting) => !found.has(setting));
  const accessKeyId = inHeader(name, found.get('aws_access_key_id'));
  const secret = found.get('aws_secret_access_key');
  if (missing.length > 0 || provider === undefined || accessKeyId === undefined || secret === undefined)
    throw incomplete(draft, missing);

  const token = inHeader(name, found.get('aws_session_token'));
  const endpoint = found.get('endpoint_url');
  return {
    name,
    provider,
    accessKeyId,
    secretAccessKey: new Secret(secret.value),
    sessionToken: token === undefined ? undefined : new Secret(token),
    region: judgeRegion(name, found.get('region')),
    endpoint:
      endpoint === undefined
        ? undefined
        : judgeEndpoint(endpoint, (what, hint) => wrong(name, endpoint, what, hint)),
  };
}

function judgeProvider(name: string, said: Found): Provider {
  const provider = PROVIDERS.find((known) => known === said.value.toLowerCase());
  if (provider !== undefined) return provider;
  const meant = nearest(said.value, PROVIDERS);
  throw wrong(
    name,
    said,
    `is none of ${PROVIDERS.join(', ')}`,
    meant === undefined ? 'any other server that speaks S3 is s3' : `did you mean ${meant}?`,
  );
}

/** What is sent in a header: an invisible character from a copied page would only fail at the first request, with a stack. */
function inHeader(name: string, said: Found | undefined): string | undefined {
  if (said === undefined || /^[\x21-\x7e]+$/.test(said.value)) return said?.value;
  throw wrong(name, said, 'has characters that no key has', 'copy it anew, without spaces');
}

/** The SDK refuses every other at the first request, also where an endpoint is given. */
function judgeRegion(name: string, said: Found | undefined): string {
  if (said === undefined) return DEFAULT_REGION;
  if (/^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(said.value)) return said.value;
  throw wrong(
    name,
    said,
    'is not the name of a region',
    'write letters, digits and hyphens, for example us-east-1',
  );
}

function incomplete({ name, place, header }: Draft, missing: readonly Setting[]): UsageError {
  const names = missing.map((setting) => (header === undefined ? VARIABLES[setting][0] : setting));
  const lines = missing.map((setting) => `${setting} = ${setting === 'provider' ? ANY_PROVIDER : '…'}`);
  return fault(
    place,
    name,
    `${and(names)} ${missing.length === 1 ? 'is' : 'are'} missing`,
    header === undefined ? `set ${and(names)}` : `write ${lines.join('; ')} below ${header}`,
  );
}

const ANY_PROVIDER = 'amazon, cloudflare, backblaze or s3';

const and = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const wrong = (name: string, said: Found, what: string, hint: string): UsageError =>
  fault(said.place, name, `${said.as} ${what}`, hint);

const fault = (place: string, name: string, what: string, hint: string): UsageError =>
  new UsageError(`${place}: profile ${name}: ${what}`, { code: 'credentials.profile', subject: name, hint });
