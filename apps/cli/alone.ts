import type { Settings } from '../../shared/config/settings.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { State } from '../../shared/state/open.ts';
import type { CliContext } from './context.ts';
import { wantsColour } from './terminal.ts';

/** What a process of the program works with when no supervisor runs it. */
export type Alone = {
  /** Unlike a supervised one's name, it has the pid, since nobody numbers it. */
  name: string;
  state: State;
  logger: Logger;
  /** Aborted by the first SIGINT or SIGTERM. */
  signal: AbortSignal;
};

/** Runs one discoverer or worker in this process, with the state file open around it. Its directory must exist. */
export async function runAlone(
  role: 'discoverer' | 'worker',
  settings: Settings,
  context: CliContext,
  work: (alone: Alone) => Promise<void>,
): Promise<void> {
  const { createLogger } = await import('../../shared/log/logger.ts');
  const { ignoreLeaseSignal } = await import('../../shared/linux/open-writer.ts');
  const { openState } = await import('../../shared/state/open.ts');
  ignoreLeaseSignal();
  const signal = context.stopSignal(settings.stopMs);
  const name = `${role}-${process.pid}`;
  const logger = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    process: name,
    sink: { write: (line) => context.stderr.write(line) },
    colour: wantsColour(context),
  });
  const state = openState(settings.statePath);
  try {
    await work({ name, state, logger, signal });
  } finally {
    state.close();
  }
}
