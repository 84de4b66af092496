import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFile, refusal, settingsFrom } from './sources.ts';

/** What is refused, as the lines of a file, and what is said after the file's name. */
const REFUSED: readonly (readonly [what: string, lines: readonly string[], said: string])[] = [
  [
    'an unknown key',
    ['workers: 2', 'stabilty_seconds: 3'],
    ':2: "stabilty_seconds" is no key of the config file; did you mean stability_seconds?',
  ],
  [
    'a key with hyphens',
    ['# a comment', '', 'on-duplicate: move'],
    ':3: "on-duplicate" is no key of the config file; did you mean on_duplicate?',
  ],
  [
    'a key like no other',
    ['colour: red'],
    ':1: "colour" is no key of the config file; `wharfinger config-schema` shows all there are',
  ],
  [
    'an unknown key of a route',
    ['routes:', '  - input: /in', '    exlude: "*.log"'],
    ':3: "exlude" is no key of a route; did you mean exclude?',
  ],
  [
    'a key of the program in a route',
    ['routes:', '  - input: /in', '    workers: 3'],
    ':3: workers is for the whole program; write it at the top level',
  ],
  ['a key of a route at the top', ['name: orders'], ':1: name is for a route; write it in a route'],
  [
    'a wrong type',
    ['workers: "4"'],
    ':1: workers: "4" is not a whole number from 1 to 1024; for example workers: 8',
  ],
  [
    'a wrong type in a route',
    ['routes:', '  - input: /in', '    recursive: no way'],
    ':3: recursive: "no way" is not true or false; for example recursive: false',
  ],
  [
    'a wrong item of a list',
    ['include:', '  - "*.csv"', '  - 7'],
    ':1: include: 7 is not a glob; for example include: "**/*.csv"',
  ],
  [
    'an unknown choice',
    ['mode: sidecars'],
    ':1: mode: "sidecars" is not one of stability, sidecar, close-write; did you mean sidecar?',
  ],
  [
    'a key without a value',
    ['warehouse:'],
    ':1: warehouse: nothing is not a path; for example warehouse: /srv/warehouse',
  ],
  [
    'a mapping for a value',
    ['warehouse:', '  path: /srv'],
    ':1: warehouse: a mapping is not a path; for example warehouse: /srv/warehouse',
  ],
  [
    'a list at the top',
    ['- input: /in'],
    ':1: a list is not a mapping of options; write `key: value`, one a line',
  ],
  [
    'routes that are no list',
    ['routes:', '  input: /in'],
    ':1: routes: a mapping is not a list of routes; write one a dash, for example - input: /srv/in',
  ],
  [
    'no routes',
    ['routes: []'],
    ':1: routes: an empty list is not a list of routes; write one a dash, for example - input: /srv/in',
  ],
  [
    'a route that is a path',
    ['routes:', '  - /in'],
    ':2: "/in" is not a route; write it as `- input: /srv/in`',
  ],
  [
    'a route without an input',
    ['routes:', '  - input: /in', '  - name: orders'],
    ':3: this route has no input; say which directory it watches, for example input: /srv/in',
  ],
  [
    'a route with two inputs',
    ['routes:', '  - input: [/a, /b]'],
    ':2: input: a list is not one directory; write one path, and a route for each further one',
  ],
  [
    'a name that is a number',
    ['routes:', '  - input: /in', '    name: 7'],
    ':3: name: 7 is not a name; for example name: orders',
  ],
  [
    'sinks that are no list',
    ['routes:', '  - input: /in', '    sinks: s3'],
    ':3: sinks: "s3" is not what belongs here; write a list, each sink with its type',
  ],
  [
    'a sink of an unknown type',
    ['routes:', '  - input: /in', '    sinks:', '      - bucket: b', '        type: ftp'],
    ':5: this version has no sink of type "ftp"; leave it out, or run a version of wharfinger that has it',
  ],
  [
    'an input beside routes',
    ['routes:', '  - input: /in', 'input: /other'],
    ':3: input: the config file has routes, each with its own input; leave it out, or add a route for it',
  ],
  ['text that is no YAML', ['workers: 2', 'routes: [', 'mode: x'], ''],
  [
    'a key that stands twice',
    ['workers: 2', 'workers: 3'],
    ':2: not valid YAML: Map keys must be unique; keys are written `key: value`, one a line, and lists with a dash',
  ],
];

for (const [what, lines, said] of REFUSED) {
  test(`${what} is refused with its line`, (t) => {
    const config = configFile(t, `${lines.join('\n')}\n`);
    const line = refusal(() => settingsFrom({ flags: { config } }));
    if (said !== '') assert.equal(line, `${config}${said}`);
    assert.doesNotMatch(line, /\n/);
    assert.ok(line.startsWith(`${config}:`), line);
  });
}

test('two routes of one name are refused with both lines', (t) => {
  const config = configFile(t, 'routes:\n  - {input: /a, name: n}\n  - {input: /b, name: n}\n');
  assert.equal(
    refusal(() => settingsFrom({ flags: { config } })),
    `${config}:3: there is a route named "n" at ${config}:2 already; give each route its own name`,
  );
});

test('an input given beside the routes of a file is refused, however it is given', (t) => {
  const config = configFile(t, 'routes:\n  - input: /a\n');
  const rest = 'the config file has routes, each with its own input; leave it out, or add a route for it';
  assert.equal(
    refusal(() => settingsFrom({ flags: { config, input: ['/b'] } })),
    `--input: ${rest}`,
  );
  assert.equal(
    refusal(() => settingsFrom({ flags: { config }, env: { WHARFINGER_INPUT: '/b' } })),
    `WHARFINGER_INPUT: ${rest}`,
  );
});

test('text that is not UTF-8 is refused', (t) => {
  const config = configFile(t, Buffer.from('warehouse: /srv/\xe9\n', 'latin1'));
  assert.match(
    refusal(() => settingsFrom({ flags: { config } })),
    /not UTF-8 text/,
  );
});

test('an alias without its anchor, and a bomb of aliases, are refused', (t) => {
  const bomb = [
    'a: &a [x, x]',
    ...'bcdefghi'.split('').map((key, index) => `${key}: &${key} [${`*${'abcdefgh'[index]},`.repeat(9)}]`),
  ];
  for (const text of ['mode: *m', bomb.join('\n')]) {
    assert.match(
      refusal(() => settingsFrom({ flags: { config: configFile(t, text) } })),
      /: not valid YAML: .*alias/,
    );
  }
});

test('an empty file, or one of comments, says nothing', (t) => {
  for (const text of ['', '# later\n']) {
    assert.deepEqual(settingsFrom({ flags: { config: configFile(t, text) } }), settingsFrom());
  }
});

test('anchors and aliases share what routes have in common', (t) => {
  const config = configFile(
    t,
    'routes:\n  - {input: /a, include: &globs ["*.csv"]}\n  - input: /b\n    include: *globs\n    mode: wrong\n',
  );
  assert.match(
    refusal(() => settingsFrom({ flags: { config } })),
    /:5: mode: "wrong"/,
  );
});

test('no sinks are as good as none', (t) => {
  const config = configFile(t, 'routes:\n  - input: /a\n    sinks: []\n');
  assert.equal(settingsFrom({ flags: { config } }).settings.routes.length, 1);
});
