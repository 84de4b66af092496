import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Profiles } from '../../../../shared/object-store/credentials/load-profiles.ts';
import { homeWith, KEYS, refusal, refused, SECRET, searched } from './given.ts';

const AMAZON = `provider = amazon\nregion = eu-west-1\n${KEYS}`;

const names = ({ byName }: Profiles): string[] => [...byName.keys()];

test('the credentials file and the config file are both read, and their profiles merged', (t) => {
  const home = homeWith(t, {
    credentials: `[default]\n${KEYS}[only-here]\n${AMAZON}`,
    config: `[default]\nprovider = amazon\nregion = eu-north-1\n[profile in-config]\n${AMAZON}`,
  });
  const profiles = searched(home);
  assert.deepEqual(names(profiles).toSorted(), ['default', 'in-config', 'only-here']);
  assert.equal(profiles.byName.get('default')?.region, 'eu-north-1');
  assert.equal(profiles.byName.get('default')?.accessKeyId, 'AKIA1');
  assert.deepEqual(profiles.warnings, []);
  assert.deepEqual(profiles.origin.split(' and ').toSorted(), [
    join(home, '.aws/config'),
    join(home, '.aws/credentials'),
  ]);
});

test('where both files say something, the credentials file wins, and its keys never meet the token of the other', (t) => {
  const home = homeWith(t, {
    credentials: `[lab]\nregion = eu-west-1\naws_access_key_id = NEW\naws_secret_access_key = new\n`,
    config: `[profile lab]\nprovider = amazon\nregion = us-east-2\n${KEYS}aws_session_token = old\n`,
  });
  const lab = searched(home).byName.get('lab');
  assert.equal(lab?.region, 'eu-west-1');
  assert.equal(lab.accessKeyId, 'NEW');
  assert.equal(lab.secretAccessKey.reveal(), 'new');
  assert.equal(lab.sessionToken, undefined);
});

test('a token in the credentials file is not used with the keys of the config file', (t) => {
  const home = homeWith(t, {
    credentials: '[lab]\naws_session_token = stray\n',
    config: `[profile lab]\n${AMAZON}`,
  });
  assert.equal(searched(home).byName.get('lab')?.sessionToken, undefined);
});

test('the variables name other files, also below ~', (t) => {
  const home = homeWith(t, { 'my/keys': `[a]\n${AMAZON}`, credentials: `[no]\n${AMAZON}`, config: 'broken' });
  const env = { AWS_SHARED_CREDENTIALS_FILE: '~/.aws/my/keys', AWS_CONFIG_FILE: '/dev/null' };
  const profiles = searched(home, env);
  assert.deepEqual(names(profiles), ['a']);
  assert.equal(profiles.origin, join(home, '.aws/my/keys'));
  assert.deepEqual(profiles.warnings, []);
});

test('a file that a variable names and that is not there is warned of', (t) => {
  const home = homeWith(t, { config: `[default]\n${AMAZON}` });
  assert.deepEqual(searched(home, { AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/keys' }).warnings, [
    'there is no file /nonexistent/keys, which AWS_SHARED_CREDENTIALS_FILE names',
  ]);
});

test('profiles of other tools are left out, and no error', (t) => {
  const home = homeWith(t, {
    credentials: '[empty]\n[process]\ncredential_process = /usr/bin/get --key\n',
    config: `[default]\nregion = eu-west-1\n[profile sso/admin]\nsso_session = corp\nsso_account_id = 1\n[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = lab\n[sso-session corp]\nsso_region = eu-west-1\n[plugins]\nendpoint = x\n[profile lab]\n${AMAZON}`,
  });
  const profiles = searched(home);
  assert.deepEqual(names(profiles), ['lab']);
  assert.deepEqual([...(profiles.leftOut ?? [])].toSorted(), [
    'default',
    'empty',
    'process',
    'role',
    'sso/admin',
  ]);
  assert.deepEqual(profiles.warnings, []);
});

test('where all profiles belong to other tools, the error says so', (t) => {
  const home = homeWith(t, { config: '[profile sso]\nsso_session = corp\n' });
  assert.equal(
    refused(() => searched(home)).message,
    `there is no profile with a provider or an access key in the environment or ${home}/.aws/credentials or ${home}/.aws/config`,
  );
});

test('a profile with keys and without a provider is refused in a searched file as well', (t) => {
  const home = homeWith(t, {
    credentials: `[work]\n${KEYS}`,
    config: '[profile work]\nregion = eu-west-1\n',
  });
  assert.equal(
    refusal(home, () => searched(home)),
    'FILE/.aws/credentials: profile work: provider is missing; write provider = amazon, cloudflare, backblaze or s3 below [work]',
  );
});

test('a secret without its key id, and a provider without keys, are not taken for those of other tools', (t) => {
  const secretAlone = homeWith(t, {
    credentials: `[a]\nprovider = amazon\nregion = eu-west-1\naws_secret_access_key = ${SECRET}\n`,
  });
  assert.match(
    refused(() => searched(secretAlone)).message,
    /credentials: profile a: aws_access_key_id is missing$/,
  );
  const providerAlone = homeWith(t, { config: '[profile b]\nprovider = amazon\nregion = eu-west-1\n' });
  assert.match(
    refused(() => searched(providerAlone)).message,
    /config: profile b: aws_access_key_id and aws_secret_access_key are missing$/,
  );
});

test('what is missing is said of the file with the keys, and without any of the stronger one', (t) => {
  const inConfig = homeWith(t, { credentials: '[a]\nprovider = amazon\n', config: `[profile a]\n${KEYS}` });
  assert.equal(
    refusal(inConfig, () => searched(inConfig)),
    'FILE/.aws/config: profile a: region is missing; write region = … below [profile a]',
  );
  const nowhere = homeWith(t, {
    credentials: '[a]\nprovider = amazon\n',
    config: '[profile a]\nregion = x\n',
  });
  assert.match(
    refused(() => searched(nowhere)).message,
    /\.aws\/credentials: profile a: aws_access_key_id and /,
  );
  const other = homeWith(t, { config: '[profile a]\nsso_session = corp\n' });
  assert.match(
    refused(() => searched(other, { AWS_PROVIDER: 'amazon', AWS_PROFILE: 'a' })).message,
    /\.aws\/config: profile a: aws_access_key_id, /,
  );
});

test('what is wrong in the config file is said with the line in that file', (t) => {
  const home = homeWith(t, {
    credentials: `[lab]\n${KEYS}`,
    config: '[profile lab]\nprovider = s3\nendpoint_url = nowhere\n',
  });
  assert.match(refused(() => searched(home)).message, /\.aws\/config:3: profile lab: endpoint_url is not/);
});

test('a section of the config file that the AWS CLI would pass over is warned of where it is meant for us', (t) => {
  const home = homeWith(t, {
    config: `[lab]\n${AMAZON}[profile lab]\n${AMAZON}[preview]\ncloudfront = true\n`,
  });
  const profiles = searched(home);
  assert.deepEqual(names(profiles), ['lab']);
  assert.deepEqual(profiles.warnings, [`${home}/.aws/config:1: [lab] is not read; write [profile lab]`]);
});

test('only a file with secrets is warned of when others may read it', (t) => {
  const home = homeWith(t, {
    credentials: `[lab]\n${KEYS}`,
    config: '[profile lab]\nprovider = amazon\nregion = eu-west-1\n',
  });
  chmodSync(join(home, '.aws/credentials'), 0o644);
  chmodSync(join(home, '.aws/config'), 0o644);
  assert.deepEqual(searched(home).warnings, [
    `${home}/.aws/credentials may be read by other users (mode 0644); chmod 600 it`,
  ]);
});

test('a searched file that cannot be read is an error, not an absent one', (t) => {
  const home = homeWith(t, { config: `[profile lab]\n${AMAZON}` });
  mkdirSync(join(home, '.aws/credentials'));
  assert.match(refused(() => searched(home)).message, /\.aws\/credentials is a directory$/);
  renameSync(join(home, '.aws/credentials'), join(home, '.aws/no-longer'));
  assert.deepEqual(names(searched(home)), ['lab']);
});

test('no profile anywhere is refused with everywhere that was looked', (t) => {
  const home = homeWith(t, {});
  const error = refused(() => searched(home, { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: '' }));
  assert.equal(error.code, 'credentials.none');
  assert.equal(
    error.message,
    `there is no profile in the environment or ${home}/.aws/credentials or ${home}/.aws/config`,
  );
});
