import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProfiles } from '../../../../shared/object-store/credentials/load-profiles.ts';
import { explicitly, given, homeWith, KEYS, SECRET } from './given.ts';

const AMAZON = `provider = amazon\nregion = eu-west-1\n${KEYS}`;

test('every profile of a file is read, in its order, with what its provider needs', (t) => {
  const file = given(
    t,
    `# made by hand\n[default]\n${AMAZON}
[flare]\nprovider=Cloudflare\nAWS_REGION=auto\nAWS_ENDPOINT=https://abc.r2.cloudflarestorage.com/\nAWS_ACCESS_KEY_ID=B\nAWS_SECRET_ACCESS_KEY=b=b\n
[blaze]\nPROVIDER = BACKBLAZE\naws_region = us-west-004\nendpoint = https://s3.us-west-004.backblazeb2.com\naws_access_key_id = C\naws_secret_access_key = c\n
[lab]\nprovider = s3\nendpoint_url = http://127.0.0.1:8080/gate/way//\naws_access_key_id = lab:uploader\naws_secret_access_key = d\nAws_Session_Token = e\n`,
  );
  const { byName, origin, warnings } = explicitly(file);
  const plain = [...byName.values()].map(({ secretAccessKey, sessionToken, ...others }) => ({
    ...others,
    secret: secretAccessKey.reveal(),
    token: sessionToken?.reveal(),
  }));
  assert.deepEqual(plain, [
    {
      name: 'default',
      provider: 'amazon',
      accessKeyId: 'AKIA1',
      region: 'eu-west-1',
      endpoint: undefined,
      secret: SECRET,
      token: undefined,
    },
    {
      name: 'flare',
      provider: 'cloudflare',
      accessKeyId: 'B',
      region: 'auto',
      endpoint: 'https://abc.r2.cloudflarestorage.com',
      secret: 'b=b',
      token: undefined,
    },
    {
      name: 'blaze',
      provider: 'backblaze',
      accessKeyId: 'C',
      region: 'us-west-004',
      endpoint: 'https://s3.us-west-004.backblazeb2.com',
      secret: 'c',
      token: undefined,
    },
    {
      name: 'lab',
      provider: 's3',
      accessKeyId: 'lab:uploader',
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:8080/gate/way',
      secret: 'd',
      token: 'e',
    },
  ]);
  assert.deepEqual([...byName.keys()], ['default', 'flare', 'blaze', 'lab']);
  assert.equal(origin, file);
  assert.deepEqual(warnings, []);
});

test('an explicit file wins over the environment and the files of the AWS CLI', (t) => {
  const home = homeWith(t, { credentials: `[other]\n${AMAZON}`, config: 'not even a profile' });
  const file = given(t, `[default]\n${AMAZON}`);
  const env = {
    AWS_ACCESS_KEY_ID: 'E',
    AWS_SECRET_ACCESS_KEY: 'e',
    AWS_REGION: 'mars-1',
    AWS_PROFILE: 'other',
  };
  const profiles = loadProfiles({ file, env, home });
  assert.deepEqual([...profiles.byName.keys()], ['default']);
  assert.equal(profiles.byName.get('default')?.accessKeyId, 'AKIA1');
  assert.equal(profiles.byName.get('default')?.region, 'eu-west-1');
  assert.equal(profiles.origin, file);
});

test('comments, indented settings, Windows line ends, a byte order mark and other sections are understood', (t) => {
  const text = `[profile "two words"] ; a comment
  provider = amazon # another
  region = eu-west-1 ; and one
  aws_access_key_id = A#1
  aws_secret_access_key = ${SECRET}
  s3 =
    region = below-s3
    endpoint_url = http://below.s3
  output = json
  s3 =
[profile next]
    provider = amazon
    region = eu-west-1
    aws_access_key_id = B
    aws_secret_access_key = b

; [commented]
#provider = s3
[sso-session corp]
sso_region = eu-west-1
[services local]
s3 =
  endpoint_url = http://127.0.0.1:1
`;
  const profiles = explicitly(given(t, `\uFEFF${text.replaceAll('\n', '\r\n')}`));
  assert.deepEqual([...profiles.byName.keys()], ['two words', 'next']);
  const profile = profiles.byName.get('two words');
  assert.equal(profile?.accessKeyId, 'A#1');
  assert.equal(profile.secretAccessKey.reveal(), SECRET);
  assert.equal(profile.region, 'eu-west-1');
  assert.equal(profile.endpoint, undefined);
});

test('the same setting under two names counts once if both say the same', (t) => {
  const profiles = explicitly(given(t, `[lab]\n${AMAZON}AWS_REGION = eu-west-1\n`));
  assert.equal(profiles.byName.get('lab')?.region, 'eu-west-1');
});

for (const [mode, warning] of [
  [0o600, undefined],
  [0o400, undefined],
  [0o640, 'FILE may be read by other users (mode 0640); chmod 600 it'],
  [0o604, 'FILE may be read by other users (mode 0604); chmod 600 it'],
  [0o644, 'FILE may be read by other users (mode 0644); chmod 600 it'],
  [0o620, 'FILE may be changed by other users (mode 0620); chmod 600 it'],
] as const) {
  test(`a file of mode ${mode.toString(8)} is ${warning === undefined ? 'not ' : ''}warned of`, (t) => {
    const file = given(t, `[lab]\n${AMAZON}`, mode);
    const warnings = explicitly(file).warnings.map((line) => line.replace(file, 'FILE'));
    assert.deepEqual(warnings, warning === undefined ? [] : [warning]);
  });
}
