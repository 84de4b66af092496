import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../../shared/errors.ts';
import { profileOf } from '../../../../shared/object-store/credentials/load-profiles.ts';
import { explicitly, given, homeWith, KEYS, refusal, refused, searched } from './given.ts';

const AMAZON = `provider = amazon\nregion = eu-west-1\n${KEYS}`;
const sections = (names: readonly string[]): string => names.map((name) => `[${name}]\n${AMAZON}`).join('');

test('a profile is found by its name', (t) => {
  const profiles = explicitly(given(t, sections(['lab', 'archive'])));
  assert.equal(profileOf(profiles, 'archive').name, 'archive');
});

for (const [name, line] of [
  ['archiv', 'there is no profile "archiv" in FILE, only lab, archive; did you mean archive?'],
  ['Lab', 'there is no profile "Lab" in FILE, only lab, archive; did you mean lab?'],
  ['elsewhere', 'there is no profile "elsewhere" in FILE, only lab, archive; give one of these, or add it'],
  ['__proto__', 'there is no profile "__proto__" in FILE, only lab, archive; give one of these, or add it'],
] as const) {
  test(`an unknown profile ${name} is refused with those there are`, (t) => {
    const file = given(t, sections(['lab', 'archive']));
    const profiles = explicitly(file);
    assert.ok(refused(() => profileOf(profiles, name)) instanceof UsageError);
    assert.equal(
      refusal(file, () => profileOf(profiles, name)),
      line,
    );
  });
}

test('of many profiles the first ten are named', (t) => {
  const profiles = explicitly(given(t, sections(Array.from({ length: 12 }, (_, index) => `p${index}`))));
  assert.match(refused(() => profileOf(profiles, 'x')).message, /only p0, p1, .*, p9 and 2 more$/);
});

test('a profile that was left out is refused with why', (t) => {
  const home = homeWith(t, {
    credentials: sections(['lab']),
    config: '[profile work]\nsso_session = corp\n',
  });
  const error = refused(() => profileOf(searched(home), 'work'));
  assert.equal(error.message, 'profile "work" has neither provider nor access key');
  assert.match(error.hint ?? '', /sign-on, roles and processes are not supported/);
});
