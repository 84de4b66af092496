import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, settingsFrom } from './sources.ts';

const REFUSED: readonly (readonly [what: string, flags: Record<string, unknown>, line: RegExp])[] = [
  ['an input given twice', { input: ['/in', '/in/'] }, /^the input \/in is given twice; /],
  [
    'an input in another',
    { input: ['/in/a', '/in'] },
    /^the input \/in\/a lies in the input \/in, so its files would be taken by both; /,
  ],
  [
    'a warehouse that is the input',
    { input: ['/in'], warehouse: '/in' },
    /^the warehouse \/in is also an input; .*--warehouse/,
  ],
  [
    'a warehouse in an input',
    { input: ['/in'], warehouse: '/in/wh' },
    /^the warehouse \/in\/wh lies in the input \/in, so its files would be taken again; .*--warehouse/,
  ],
  [
    'an input in the warehouse',
    { input: ['/wh/in'], warehouse: '/wh' },
    /^the input \/wh\/in lies in the warehouse \/wh, .*; .*--warehouse/,
  ],
  [
    'manifests in an input',
    { input: ['/in'], manifests: '/in/m' },
    /^the manifests directory \/in\/m lies in the input/,
  ],
  [
    'an input in the manifests',
    { input: ['/m/in'], manifests: '/m' },
    /^the input \/m\/in lies in the manifests directory/,
  ],
  [
    'duplicates in an input',
    { input: ['/in'], duplicates: '/in/d' },
    /^the duplicates directory \/in\/d lies in the input/,
  ],
  [
    'duplicates among the committed files',
    { warehouse: '/wh', duplicates: '/wh' },
    /^the duplicates directory \/wh is also the warehouse/,
  ],
  [
    'a state file in an input',
    { input: ['/in'], state_path: '/in/w.db' },
    /^the state file \/in\/w.db lies in the input \/in; .*--state-path/,
  ],
  [
    'a state file at the top of a flat input',
    { input: ['/in'], state_path: '/in/w.db', recursive: false },
    /^the state file/,
  ],
];

for (const [what, flags, line] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.match(
      refusal(() => settingsFrom({ flags })),
      line,
    );
  });
}

test('what only shares the beginning of a name is fine', () => {
  settingsFrom({
    flags: {
      input: ['/srv/in', '/srv/in2'],
      warehouse: '/srv/in.wh',
      manifests: '/srv/in-m',
      state_path: '/srv/in.db',
    },
  });
});

test('below an input that is watched at its top only, other directories may lie', () => {
  settingsFrom({
    flags: {
      input: ['/srv', '/srv/in'],
      recursive: false,
      warehouse: '/srv/wh',
      manifests: '/srv/m',
      state_path: '/srv/s/w.db',
    },
  });
});
