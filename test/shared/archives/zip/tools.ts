import { spawnSync } from 'node:child_process';

/** Runs another program for zip files to its end. Its text is what both its streams say. */
export function run(command: string, args: readonly string[], cwd?: string, timeoutMs = 60_000) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: timeoutMs,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status, stdout, text: `${stdout}${stderr}`, isThere: error === undefined };
}

/** Why a test with this program is left out; false where it is here. */
export const missing = (command: string, ...args: string[]): string | false =>
  run(command, args).isThere ? false : `${command} is not installed`;
