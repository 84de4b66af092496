import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFile, refusal, settingsFrom, watchFrom } from './sources.ts';

/** A route with one sink of these lines, which begin at line 4. */
function sinkOf(first: string, ...lines: readonly string[]): string[] {
  return [
    'routes:',
    '  - input: /in',
    '    sinks:',
    `      - ${first}`,
    ...lines.map((line) => `        ${line}`),
  ];
}

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
    'a misspelt key that a route must have',
    ['routes:', '  - inptu: /in'],
    ':2: "inptu" is no key of a route; did you mean input?',
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
    'a sink without a type',
    sinkOf('bucket: archive'),
    ':4: this sink has no type; say what it is, for example type: s3',
  ],
  [
    'a sink of a type that is nearly one',
    sinkOf('type: S3'),
    ':4: this version has no sink of type "S3"; did you mean s3?',
  ],
  [
    'a sink that is a name',
    sinkOf('s3'),
    ':4: sinks: "s3" is not a sink; write it as a mapping that begins with its type',
  ],
  [
    'an unknown key of a sink',
    sinkOf('type: s3', 'bucket: archive', 'profil: lab'),
    ':6: "profil" is no key of a sink of type s3; did you mean profile?',
  ],
  [
    'a key of the program in a sink',
    sinkOf('type: s3', 'workers: 3'),
    ':5: workers is for the whole program; write it at the top level',
  ],
  [
    'a key of a route in a sink',
    sinkOf('type: s3', 'include: "*.csv"'),
    ':5: include is for a route; write it in a route',
  ],
  [
    'a key of a sink in a route',
    ['routes:', '  - input: /in', '    bucket: archive'],
    ':3: bucket is for a sink of type s3; write it in a sink of type s3',
  ],
  [
    'a key of a sink at the top',
    ['decompress: true'],
    ':1: decompress is for a sink of type s3; write it in a sink of type s3',
  ],
  [
    'what becomes of the file of a sink',
    sinkOf('type: s3', 'after: remove'),
    ':5: "after" is no key of a sink of type s3; `wharfinger config-schema` shows all there are',
  ],
  [
    'a sink without a bucket',
    sinkOf('type: s3', 'profile: lab'),
    ':4: bucket is missing; a sink of type s3 needs it, for example bucket: archive',
  ],
  [
    'a bucket that cannot be',
    sinkOf('type: s3', 'profile: lab', 'bucket: My_Bucket'),
    ':6: bucket: "My_Bucket" cannot be the name of a bucket: it has 3 to 63 lower-case letters, digits, hyphens and dots, at both ends a letter or a digit; for example bucket: archive',
  ],
  [
    'a key template with an unknown name',
    sinkOf('type: s3', 'profile: lab', 'bucket: archive', 'key: "{date}/{path}"'),
    ':7: key: "{date}/{path}" will not do: {date} is not known; there are {path}, {name}, {ingest_date}, {hour}, {route}; for example key: "{ingest_date}/{path}"',
  ],
  [
    'a key template that is the same for all files',
    sinkOf('type: s3', 'profile: lab', 'bucket: archive', 'key: all.csv'),
    ':7: key: "all.csv" will not do: without {path} or {name} all files would have one key; for example key: "{ingest_date}/{path}"',
  ],
  [
    'a size in an unknown unit',
    sinkOf('type: s3', 'profile: lab', 'bucket: archive', 'max_output_bytes: 10 apples'),
    ':7: max_output_bytes: "10 apples" is not a number of bytes, nor a size such as 10MiB; for example max_output_bytes: 10GiB',
  ],
  [
    'a size of less than a byte',
    sinkOf('type: s3', 'profile: lab', 'bucket: archive', 'max_output_bytes: 0.5B'),
    ':7: max_output_bytes: "0.5B" is no size that a file can have; for example max_output_bytes: 10GiB',
  ],
  [
    'an answer to unpacking that is neither yes nor no',
    sinkOf('type: s3', 'profile: lab', 'bucket: archive', 'decompress: gzip'),
    ':7: decompress: "gzip" is not true or false; for example decompress: true',
  ],
  [
    'a name of a sink that is a number',
    sinkOf('type: s3', 'profile: lab', 'bucket: archive', 'name: 7'),
    ':7: name: 7 is not a name; for example name: orders',
  ],
  [
    'an option of watch',
    ['after: keep'],
    ':1: "after" is no key of the config file; `wharfinger config-schema` shows all there are',
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

/** The same of a file with targets. */
const REFUSED_TARGETS: readonly (readonly [what: string, lines: readonly string[], said: string])[] = [
  [
    'a file without targets',
    ['bucket: archive'],
    ':1: there are no targets; write one a dash below targets:, for example - target: /srv/in',
  ],
  [
    'an empty file',
    ['# later'],
    ':1: there are no targets; write one a dash below targets:, for example - target: /srv/in',
  ],
  [
    'a target that is a path',
    ['targets:', '  - /out'],
    ':2: "/out" is not a target; write it as `- target: /srv/in`',
  ],
  [
    'a target without a directory',
    ['targets:', '  - bucket: archive'],
    ':2: this target has no directory; say which directory it watches, for example target: /srv/in',
  ],
  [
    'a target with two directories',
    ['targets:', '  - target: [/a, /b]'],
    ':2: target: a list is not one directory; write one path, and a target for each further one',
  ],
  [
    'an unknown key of a target',
    ['targets:', '  - target: /out', '    buckt: archive'],
    ':3: "buckt" is no key of a target; did you mean bucket?',
  ],
  [
    'an unknown key above the targets',
    ['profil: lab', 'targets:', '  - target: /out'],
    ':1: "profil" is no key of the config file; did you mean profile?',
  ],
  [
    'a key of the program in a target',
    ['targets:', '  - target: /out', '    workers: 3'],
    ':3: workers is for the whole program; write it at the top level',
  ],
  [
    'a directory above the targets',
    ['target: /out', 'targets:', '  - target: /in'],
    ':1: target is for a target; write it in a target',
  ],
  [
    'an option of custody',
    ['warehouse: /wh', 'targets:', '  - target: /out'],
    ':1: "warehouse" is no key of the config file; `wharfinger watch --help` shows all there are',
  ],
  [
    'sinks of a target',
    ['targets:', '  - target: /out', '    sinks: []'],
    ':3: "sinks" is no key of a target; `wharfinger watch --help` shows all there are',
  ],
  [
    'an unknown way to end',
    ['targets:', '  - target: /out', '    after: delete'],
    ':3: after: "delete" is not one of remove, keep, move; for example after: remove',
  ],
  [
    'a move to nowhere',
    ['profile: lab', 'bucket: archive', 'targets:', '  - target: /out', '    after: move'],
    ':5: after: it is not said where to; give --moved-to, for example --moved-to /srv/sent',
  ],
  [
    'a target whose bucket nobody says',
    ['profile: lab', 'targets:', '  - target: /out'],
    ':3: no bucket is given for /out; give --bucket, or write it beside the target or at the top level',
  ],
  [
    'sidecars',
    ['profile: lab', 'bucket: archive', 'mode: sidecar', 'targets:', '  - target: /out'],
    ':3: mode: watch knows no sidecars; leave it out: a file is complete when its writer closes it; or give stability',
  ],
];

for (const [what, lines, said] of REFUSED_TARGETS) {
  test(`${what} is refused with its line in a file with targets`, (t) => {
    const file = configFile(t, `${lines.join('\n')}\n`);
    assert.equal(
      refusal(() => watchFrom({ flags: { target: [file] } })),
      `${file}${said}`,
    );
  });
}

test('two sinks of one name are refused with both lines', (t) => {
  const sink = '{type: s3, profile: lab, bucket: archive, name: n}';
  const config = configFile(t, `routes:\n  - input: /a\n    sinks:\n      - ${sink}\n      - ${sink}\n`);
  assert.equal(
    refusal(() => settingsFrom({ flags: { config } })),
    `${config}:5: there is a sink named "n" at ${config}:4 already; give each sink of a route its own name`,
  );
});

test('two targets of one name are refused with both lines', (t) => {
  const file = configFile(
    t,
    'profile: p\nbucket: bbb\ntargets:\n  - {target: /a, name: n}\n  - {target: /b, name: n}\n',
  );
  assert.equal(
    refusal(() => watchFrom({ flags: { target: [file] } })),
    `${file}:5: there is a target named "n" at ${file}:4 already; give each target its own name`,
  );
});
