import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../../shared/errors.ts';
import { explicitly, given, KEYS, refusal, refused, SECRET } from './given.ts';

const NO_PROVIDER = 'write provider = amazon, cloudflare, backblaze or s3';
const S3 = `[lab]\nprovider = s3\n${KEYS}`;

const REFUSALS: readonly (readonly [what: string, text: string, line: string])[] = [
  [
    'a missing provider',
    `[lab]\nregion = eu-west-1\n${KEYS}`,
    `FILE: profile lab: provider is missing; ${NO_PROVIDER} below [lab]`,
  ],
  [
    'an empty provider',
    `[profile lab]\nprovider =\n${KEYS}`,
    `FILE: profile lab: provider is missing; ${NO_PROVIDER} below [profile lab]`,
  ],
  [
    'an empty section',
    '[lab]\n',
    `FILE: profile lab: provider, aws_access_key_id and aws_secret_access_key are missing; ${NO_PROVIDER}; aws_access_key_id = …; aws_secret_access_key = … below [lab]`,
  ],
  [
    'a profile of another tool, in a file that was given explicitly,',
    '[lab]\nsso_session = corp\n',
    `FILE: profile lab: provider, aws_access_key_id and aws_secret_access_key are missing; ${NO_PROVIDER}; aws_access_key_id = …; aws_secret_access_key = … below [lab]`,
  ],
  [
    'amazon without anything',
    '[lab]\nprovider = amazon\n',
    'FILE: profile lab: aws_access_key_id, aws_secret_access_key and region are missing; write aws_access_key_id = …; aws_secret_access_key = …; region = … below [lab]',
  ],
  [
    'cloudflare without region and endpoint',
    `[lab]\nprovider = cloudflare\n${KEYS}`,
    'FILE: profile lab: region and endpoint_url are missing; write region = …; endpoint_url = … below [lab]',
  ],
  [
    'backblaze without an endpoint',
    `[lab]\nprovider = backblaze\nregion = us-west-004\n${KEYS}`,
    'FILE: profile lab: endpoint_url is missing; write endpoint_url = … below [lab]',
  ],
  [
    's3 without an endpoint',
    S3,
    'FILE: profile lab: endpoint_url is missing; write endpoint_url = … below [lab]',
  ],
  [
    'a second profile that lacks its secret',
    `${S3}endpoint = https://s3.example\n[two]\nprovider = amazon\nregion = eu-west-1\naws_access_key_id = A\n`,
    'FILE: profile two: aws_secret_access_key is missing; write aws_secret_access_key = … below [two]',
  ],
  [
    'a provider with a slip',
    `[lab]\nprovider = Amazn\n${KEYS}`,
    'FILE:2: profile lab: provider is none of amazon, cloudflare, backblaze, s3; did you mean amazon?',
  ],
  [
    'a provider that nobody knows',
    `[lab]\nprovider = minio\n${KEYS}`,
    'FILE:2: profile lab: provider is none of amazon, cloudflare, backblaze, s3; any other server that speaks S3 is s3',
  ],
  [
    'the secret where the provider belongs',
    `[lab]\nprovider = ${SECRET}\n${KEYS}`,
    'FILE:2: profile lab: provider is none of amazon, cloudflare, backblaze, s3; any other server that speaks S3 is s3',
  ],
  [
    'an endpoint without a scheme',
    `${S3}endpoint_url = s3.example.com`,
    'FILE:5: profile lab: endpoint_url is not an http or https URL; write it whole, for example https://s3.example.com',
  ],
  [
    'an endpoint of host and port alone',
    `${S3}AWS_ENDPOINT = localhost:8080`,
    'FILE:5: profile lab: AWS_ENDPOINT is not an http or https URL; write it whole, for example https://s3.example.com',
  ],
  [
    'the secret where the endpoint belongs',
    `${S3}endpoint = ${SECRET}`,
    'FILE:5: profile lab: endpoint is not an http or https URL; write it whole, for example https://s3.example.com',
  ],
  [
    'an endpoint with a password',
    `${S3}endpoint = https://me:${encodeURIComponent(SECRET)}@s3.example.com`,
    'FILE:5: profile lab: endpoint has a user name or a password in it; write them as access key and secret, and the host alone',
  ],
  [
    'an endpoint with a user name',
    `${S3}endpoint = https://me@s3.example.com`,
    'FILE:5: profile lab: endpoint has a user name or a password in it; write them as access key and secret, and the host alone',
  ],
  [
    'an endpoint with a query',
    `${S3}endpoint = https://s3.example.com/?key=${SECRET}`,
    'FILE:5: profile lab: endpoint has more than a host and a path; leave out ? and #',
  ],
  [
    'the secret where the region belongs',
    `${S3}endpoint = https://s3.example\nregion = ${SECRET}`,
    'FILE:6: profile lab: region is not the name of a region; write letters, digits and hyphens, for example us-east-1',
  ],
  [
    'an invisible character in the access key',
    `[lab]\nprovider = s3\nendpoint = https://s3.example\naws_access_key_id = AK\u200BIA\naws_secret_access_key = ${SECRET}`,
    'FILE:4: profile lab: aws_access_key_id has characters that no key has; copy it anew, without spaces',
  ],
  [
    'an invisible character in the session token',
    `${S3}endpoint = https://s3.example\naws_session_token = ${SECRET}\u200B`,
    'FILE:6: profile lab: aws_session_token has characters that no key has; copy it anew, without spaces',
  ],
  [
    'a section given twice',
    `${S3}endpoint = https://s3.example\n[profile lab]\n${KEYS}`,
    'FILE:6: profile lab is given twice, first on line 1; take one of them away',
  ],
  [
    'a setting given twice with two values',
    `${S3}AWS_SECRET_ACCESS_KEY = x${SECRET}`,
    'FILE:5: profile lab: aws_secret_access_key is given twice, first on line 4; take one of them away',
  ],
  [
    'a secret alone on a line',
    `${S3}${SECRET}\n`,
    'FILE:5: neither a [section] nor key = value; write one setting a line, and # before a comment',
  ],
  [
    'a line that begins with an equals sign',
    `[lab]\n= ${SECRET}\n`,
    'FILE:2: neither a [section] nor key = value; write one setting a line, and # before a comment',
  ],
  [
    'a section that is not closed',
    `[${SECRET}\n`,
    'FILE:1: neither a [section] nor key = value; write one setting a line, and # before a comment',
  ],
  [
    'a section without a name',
    '[ ]\n',
    'FILE:1: neither a [section] nor key = value; write one setting a line, and # before a comment',
  ],
  [
    'a section with a control character in its name',
    '[a\u001b[31m]\n',
    'FILE:1: neither a [section] nor key = value; write one setting a line, and # before a comment',
  ],
  [
    'a setting before the first section',
    `# none\naws_secret_access_key = ${SECRET}\n`,
    'FILE:2: a setting before the first section; write [default] or another name above it',
  ],
  ...['.', '..', '../etc', 'a/b', 'x'.repeat(256)].map(
    (name) =>
      [
        `a profile called ${name.slice(0, 8)}`,
        `[${name}]\nprovider = s3\n${KEYS}`,
        `FILE: profile ${name}: the name cannot be that of a directory; choose one without a slash`,
      ] as const,
  ),
  [
    'a file without a profile',
    '# nothing yet\n[sso-session corp]\n',
    'there is no profile in FILE; write [lab] and below it provider, aws_access_key_id, aws_secret_access_key and region into a file for --credentials',
  ],
];

for (const [what, text, line] of REFUSALS) {
  test(`${what} is refused with file, profile and key, and without a secret`, (t) => {
    const file = given(t, text);
    assert.equal(
      refusal(file, () => explicitly(file)),
      line,
    );
    assert.ok(refused(() => explicitly(file)) instanceof UsageError);
  });
}

test('an unexpected block below a setting without a value is not taken for the profile itself', (t) => {
  const file = given(t, `[lab]\nprovider = amazon\nregion =\n  aws_access_key_id = A\n${KEYS}`);
  assert.match(refused(() => explicitly(file)).message, /profile lab: region is missing$/);
});
