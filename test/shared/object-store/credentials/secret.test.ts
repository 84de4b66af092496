import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from '../../../../shared/object-store/credentials/secret.ts';
import { explicitly, given, KEYS, SECRET } from './given.ts';

test('a secret gives its value only to who asks for it', () => {
  const secret = new Secret(SECRET);
  assert.equal(secret.reveal(), SECRET);
  for (const shown of [String(secret), `${secret}`, secret.toString(), inspect(secret)])
    assert.equal(shown, '[secret]');
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
});

test('no way of printing a profile shows its secrets', (t) => {
  const file = given(
    t,
    `[lab]\nprovider = amazon\nregion = eu-west-1\naws_session_token = T${SECRET}\n${KEYS}`,
  );
  const profiles = explicitly(file);
  const profile = profiles.byName.get('lab');
  assert.equal(profile?.secretAccessKey.reveal(), SECRET);
  assert.equal(profile.sessionToken?.reveal(), `T${SECRET}`);

  const ways = [
    JSON.stringify(profile),
    JSON.stringify([...profiles.byName]),
    inspect(profiles, { depth: Infinity, showHidden: true, getters: true }),
    inspect(profile, { customInspect: false, showHidden: true }),
    format('%s %j %o %O', profile, profile, profile, profile),
    `${profile.secretAccessKey} ${profile.sessionToken}`,
    Object.values(profile).join(),
    JSON.stringify(structuredClone({ ...profile })),
    inspect(Object.entries(profile.secretAccessKey)),
  ];
  for (const shown of ways) assert.ok(!shown.includes(SECRET), shown);
});
