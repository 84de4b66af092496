import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, settingsFrom } from './sources.ts';

const FLAGS: readonly (readonly [flags: Record<string, unknown>, line: string])[] = [
  [{ workers: 'four' }, '--workers: "four" is not a whole number from 1 to 1024; for example --workers 8'],
  [{ workers: '0' }, '--workers: 0 is not a whole number from 1 to 1024; for example --workers 8'],
  [{ workers: '-2' }, '--workers: "-2" is not a whole number from 1 to 1024; for example --workers 8'],
  [{ workers: '1.5' }, '--workers: 1.5 is not a whole number from 1 to 1024; for example --workers 8'],
  [{ workers: '0x10' }, '--workers: "0x10" is not a whole number from 1 to 1024; for example --workers 8'],
  [
    { metrics_port: '65536' },
    '--metrics-port: 65536 is not a whole number from 0 to 65535; for example --metrics-port 9464',
  ],
  [
    { lease_seconds: '0' },
    '--lease-seconds: 0 is not a number of seconds from 0.001 to 2147483; for example --lease-seconds 30',
  ],
  [
    { stability_seconds: '10s' },
    '--stability-seconds: "10s" is not a number of seconds from 0 to 2147483; for example --stability-seconds 2.5',
  ],
  [
    { mode: 'sidcar' },
    '--mode: "sidcar" is not one of stability, sidecar, close-write; did you mean sidecar?',
  ],
  [
    { mode: 'magic' },
    '--mode: "magic" is not one of stability, sidecar, close-write; for example --mode stability',
  ],
  [
    { log_level: 'warning' },
    '--log-level: "warning" is not one of trace, debug, info, warn, error, fatal, silent; did you mean warn?',
  ],
  [{ input: ['/in', ''] }, '--input: "" is not a path; for example --input /srv/in'],
  [
    { warehouse: '~/wh' },
    '--warehouse: "~/wh" begins with ~, which only the shell understands; write the whole path; for example --warehouse /srv/warehouse',
  ],
  [
    { warehouse: '/srv/\uFFFD' },
    '--warehouse: "/srv/\uFFFD" is not a valid UTF-8 path; for example --warehouse /srv/warehouse',
  ],
  [
    { include: ['/srv/in/*.csv'] },
    `--include: "/srv/in/*.csv" begins with /, but a glob is matched on the path relative to the input; leave the / out; for example --include '**/*.csv'`,
  ],
  [{ config: '' }, '--config: "" is not a path; for example --config wharfinger.yaml'],
  [
    { config: '/nowhere/w.yaml' },
    'there is no config file /nowhere/w.yaml; give its path with --config, or leave --config out: every option has a default',
  ],
  [{ config: '/' }, 'the config file / is a directory; give the YAML file in it'],
];

for (const [flags, line] of FLAGS) {
  test(`${JSON.stringify(flags)} is refused with what is wrong and how to mend it`, () => {
    assert.equal(
      refusal(() => settingsFrom({ flags })),
      line,
    );
  });
}

const ENVIRONMENT: readonly (readonly [variable: string, value: string, line: string])[] = [
  [
    'WHARFINGER_WORKERS',
    'all',
    'WHARFINGER_WORKERS: "all" is not a whole number from 1 to 1024; for example WHARFINGER_WORKERS=8',
  ],
  [
    'WHARFINGER_RECURSIVE',
    'maybe',
    'WHARFINGER_RECURSIVE: "maybe" is not true or false; for example WHARFINGER_RECURSIVE=false',
  ],
  [
    'WHARFINGER_WORKRES',
    '3',
    'the environment variable WHARFINGER_WORKRES is no option; did you mean WHARFINGER_WORKERS?',
  ],
  [
    'WHARFINGER_LOG',
    'debug',
    'the environment variable WHARFINGER_LOG is no option; did you mean WHARFINGER_LOG_LEVEL?',
  ],
];

for (const [variable, value, line] of ENVIRONMENT) {
  test(`${variable}=${value} is refused with what is wrong and how to mend it`, () => {
    assert.equal(
      refusal(() => settingsFrom({ env: { [variable]: value } })),
      line,
    );
  });
}

test('a value that is refused is shown in part when it is long', () => {
  const line = refusal(() => settingsFrom({ flags: { mode: 'x'.repeat(5000) } }));
  assert.ok(line.length < 200, line);
});
