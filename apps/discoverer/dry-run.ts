import type { Clock } from '../../shared/clock.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { errnoOf } from '../../shared/errors.ts';
import type { BytePath } from '../../shared/fs/byte-path.ts';
import { walk } from '../../shared/fs/walk.ts';
import { PassMemory } from '../../shared/ledger/pass-memory.ts';
import { SidecarRemovals } from '../../shared/ledger/sidecar-removals.ts';
import type { State } from '../../shared/state/open.ts';
import { readUntouched } from '../../shared/state/read-untouched.ts';
import { Completion } from './completion/completion.ts';
import { SteadyClock } from './completion/steady-clock.ts';
import { Destinations } from './dry-run/destinations.ts';
import { Foresight } from './dry-run/foresight.ts';
import { lineOf } from './dry-run/line.ts';
import { byPath } from './enqueue/by-path.ts';
import { type Kernel, linux } from './kernel.ts';
import { routeOf } from './route.ts';
import { missingInput, requireInput } from './scan/input-directory.ts';

export type DryRunOptions = {
  settings: Pick<Settings, 'routes' | 'statePath'>;
  clock: Clock;
  /** Takes whole lines, each with its newline. */
  write(line: string): void;
  kernel?: Kernel;
};

/**
 * Says of each file in the inputs, a JSON line a file, what `start` would do with it now: the same rules, by the same code. Reads the files
 * that are complete, to know the duplicates. Creates, changes and locks nothing.
 *
 * @throws EnvironmentError where an input or the state file cannot be read
 */
export async function dryRun(options: DryRunOptions): Promise<void> {
  await readUntouched(options.settings.statePath, async (state) => {
    const memory = new PassMemory();
    try {
      await foresee(options, state, memory);
    } finally {
      memory[Symbol.dispose]();
    }
  });
}

async function foresee(
  { settings, clock, write, kernel = linux }: DryRunOptions,
  state: State,
  memory: PassMemory,
): Promise<void> {
  const completion = new Completion({
    kernel,
    removals: new SidecarRemovals(state),
    onNoLeases: () => undefined,
  });
  const destinations = new Destinations(memory, clock);
  const foresight = new Foresight({
    state,
    completion,
    memory,
    destinations,
    clock: new SteadyClock(clock),
    kernel,
  });
  for (const route of settings.routes.map((route) => routeOf(route, UNSAVED))) {
    requireInput(route.input);
    const onError = (error: unknown, directory: BytePath) => {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (directory === route.input) throw missingInput(directory, `it cannot be read (${errno})`);
      write(lineOf({ action: 'excluded', path: directory, reason: `it cannot be read (${errno})` }));
    };
    for await (const batch of walk(route.input, {
      recursive: route.settings.recursive,
      followLink: true,
      onError,
    })) {
      // In the order in which they would be enqueued: it says which of two of the same content is the duplicate.
      for (const entry of batch.toSorted(byPath)) {
        const foreseen = await foresight.of(route, entry);
        if (foreseen !== undefined) write(lineOf(foreseen));
      }
    }
  }
}

/** A route gets its number when it is stored, which a dry run does not do; nothing that it asks for needs one. */
const UNSAVED = 0;
