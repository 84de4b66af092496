import assert from 'node:assert/strict';
import { test } from 'node:test';
import { homeWith, KEYS, refused, SECRET, searched } from './given.ts';

const NOBODY = '/nonexistent';
const ENV_KEYS = { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: SECRET };

test('keys in the environment make one profile, called default, at amazon', () => {
  const profiles = searched(NOBODY, { ...ENV_KEYS, AWS_REGION: 'eu-west-1', AWS_SESSION_TOKEN: 'token' });
  assert.equal(profiles.origin, 'the environment');
  assert.equal(profiles.byName.size, 1);
  const profile = profiles.byName.get('default');
  assert.equal(profile?.provider, 'amazon');
  assert.equal(profile.accessKeyId, 'AKIAENV');
  assert.equal(profile.secretAccessKey.reveal(), SECRET);
  assert.equal(profile.sessionToken?.reveal(), 'token');
  assert.equal(profile.region, 'eu-west-1');
  assert.equal(profile.endpoint, undefined);
});

test('with an endpoint and no provider it is an S3-compatible server, and AWS_PROFILE names it', () => {
  const env = { ...ENV_KEYS, AWS_PROFILE: 'lab', AWS_ENDPOINT: 'http://127.0.0.1:8080/' };
  const profile = searched(NOBODY, env).byName.get('lab');
  assert.equal(profile?.provider, 's3');
  assert.equal(profile.region, 'us-east-1');
  assert.equal(profile.endpoint, 'http://127.0.0.1:8080');
});

test('AWS_PROVIDER says whose it is, in any case', () => {
  const env = {
    ...ENV_KEYS,
    AWS_PROVIDER: 'CloudFlare',
    AWS_REGION: 'auto',
    AWS_ENDPOINT_URL: 'https://r2.example',
  };
  assert.equal(searched(NOBODY, env).byName.get('default')?.provider, 'cloudflare');
});

test('of several variables for one setting, the more particular wins, and an empty one counts as none', () => {
  const env = {
    ...ENV_KEYS,
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'us-east-2',
    AWS_ENDPOINT_URL_S3: 'https://first.example',
    AWS_ENDPOINT_URL: 'https://second.example',
    AWS_ENDPOINT: 'https://third.example',
  };
  const chosen = (variables: Record<string, string>) => {
    const profile = searched(NOBODY, { ...env, ...variables }).byName.get('default');
    return [profile?.region, profile?.endpoint];
  };
  assert.deepEqual(chosen({}), ['eu-west-1', 'https://first.example']);
  assert.deepEqual(chosen({ AWS_REGION: '', AWS_ENDPOINT_URL_S3: ' ' }), [
    'us-east-2',
    'https://second.example',
  ]);
  assert.deepEqual(chosen({ AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL: '' }), [
    'eu-west-1',
    'https://third.example',
  ]);
});

test('the environment wins for its own profile, setting by setting, and leaves the others alone', (t) => {
  const home = homeWith(t, {
    credentials: `[default]\n${KEYS}aws_session_token = old\n[lab]\nprovider = s3\nendpoint_url = https://lab.example\n${KEYS}`,
    config: '[default]\nprovider = amazon\nregion = eu-west-1\n',
  });
  const { byName } = searched(home, ENV_KEYS);
  const own = byName.get('default');
  assert.equal(own?.accessKeyId, 'AKIAENV');
  assert.equal(own.sessionToken, undefined);
  assert.equal(own.provider, 'amazon');
  assert.equal(own.region, 'eu-west-1');
  assert.equal(byName.get('lab')?.accessKeyId, 'AKIA1');
});

test('without keys, the environment still sets the region of its profile, and a lone token is not used', (t) => {
  const home = homeWith(t, {
    credentials: `[default]\nprovider = amazon\nregion = eu-west-1\n${KEYS}[lab]\nprovider = amazon\nregion = eu-west-1\n${KEYS}`,
  });
  const { byName } = searched(home, {
    AWS_REGION: 'us-east-2',
    AWS_SESSION_TOKEN: 'stray',
    AWS_PROFILE: 'lab',
  });
  assert.equal(byName.get('lab')?.region, 'us-east-2');
  assert.equal(byName.get('lab')?.sessionToken, undefined);
  assert.equal(byName.get('default')?.region, 'eu-west-1');
});

for (const [what, env, line] of [
  [
    'a key without its secret',
    { AWS_ACCESS_KEY_ID: 'A', AWS_REGION: 'eu-west-1' },
    'profile default: AWS_SECRET_ACCESS_KEY is missing; set AWS_SECRET_ACCESS_KEY',
  ],
  [
    'a secret without its key, and no region,',
    { AWS_SECRET_ACCESS_KEY: SECRET, AWS_PROFILE: 'lab' },
    'profile lab: AWS_ACCESS_KEY_ID and AWS_REGION are missing; set AWS_ACCESS_KEY_ID and AWS_REGION',
  ],
  [
    'a provider that needs more',
    { ...ENV_KEYS, AWS_PROVIDER: 'backblaze' },
    'profile default: AWS_REGION and AWS_ENDPOINT_URL_S3 are missing; set AWS_REGION and AWS_ENDPOINT_URL_S3',
  ],
  [
    'an endpoint that is none',
    { ...ENV_KEYS, AWS_ENDPOINT_URL: SECRET },
    'profile default: AWS_ENDPOINT_URL is not an http or https URL; write it whole, for example https://s3.example.com',
  ],
  [
    'a provider that nobody knows',
    { ...ENV_KEYS, AWS_PROVIDER: 'cloudfare' },
    'profile default: AWS_PROVIDER is none of amazon, cloudflare, backblaze, s3; did you mean cloudflare?',
  ],
] as const) {
  test(`${what} in the environment is refused with the variable`, () => {
    const error = refused(() => searched(NOBODY, env));
    assert.equal(`${error.message}; ${error.hint}`, `the environment: ${line}`);
  });
}
