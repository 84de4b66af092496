import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../../bin/wharfinger.js', import.meta.url));

export type BinOptions = {
  cwd?: string;
  env?: Record<string, string>;
  /** Run as this user. */
  uid?: number;
  /** A module that runs before the program. */
  preload?: string;
  stdout?: number;
};

/** Runs a command line that ends by itself, in a process of its own with a bare environment. */
export function runBin(args: readonly string[], { cwd, env, uid, preload, stdout }: BinOptions = {}) {
  const imports =
    preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  const {
    status,
    stdout: out,
    stderr,
  } = spawnSync(process.execPath, [...imports, BIN, ...args], {
    cwd,
    uid,
    gid: uid,
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...env },
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { exitCode: status, stdout: out ?? '', stderr };
}
