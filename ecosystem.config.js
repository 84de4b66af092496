import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// pm2 loads this file with require(), which gives it named exports and no default one; and no top-level await may stand in it.

const here = fileURLToPath(new URL('.', import.meta.url));

/** The Node that came with the dependencies; else the one on the PATH, which says so itself when it is too old. */
function findNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    return 'node';
  }
}

const common = {
  cwd: here,
  script: `${here}bin/wharfinger.js`,
  interpreter: findNode(),
  // In MiB: V8 lets garbage lie until there is much of it.
  node_args: '--max-semi-space-size=8 --max-old-space-size=128',
  // In cluster mode, pm2 would put its own server between the program and its signals.
  exec_mode: 'fork',
  // What pm2 would load into the program for its own figures keeps it alive when it has stopped.
  pmx: false,
  // More than --stop-seconds (10), so that work in hand is finished or handed back before pm2 kills.
  kill_timeout: 15_000,
  exp_backoff_restart_delay: 200,
  // Wrong usage does not mend itself.
  stop_exit_codes: [2],
};

// Options come from the environment, the same for all (WHARFINGER_INPUT, …), or from one config file (WHARFINGER_CONFIG).
export const apps = [
  { ...common, name: 'discoverer', args: 'discoverer' },
  { ...common, name: 'worker', args: 'worker', instances: 8 },
];
