import type { Settings } from '../../shared/config/settings.ts';
import type { State } from '../../shared/state/open.ts';
import type { CliContext } from './context.ts';
import { wantsColour } from './terminal.ts';

/**
 * Runs the processes that settings ask for until they are over, and sets the exit code. The state file is made where it is missing;
 * `prepare` is given it before any process works on it.
 */
export async function supervise(
  settings: Settings,
  context: CliContext,
  prepare?: (state: State, nowMs: number) => void,
): Promise<void> {
  const { clock, stderr, version, signals } = context;
  const { openState } = await import('../../shared/state/open.ts');
  const state = openState(settings.statePath);
  try {
    prepare?.(state, clock.nowMs());
    const { readStats } = await import('../../shared/queue/inspect/stats.ts');
    const { runSupervisor } = await import('../supervisor/main.ts');
    const exitCode = await runSupervisor({
      settings,
      version,
      clock,
      signals,
      stderr: {
        write: (text) => stderr.write(text),
        isTerminal: stderr.isTerminal,
        width: () => stderr.columns ?? USUAL_WIDTH,
      },
      colour: wantsColour(context),
      readStats: () => readStats(state, clock.nowMs()),
    });
    context.setExitCode(exitCode);
  } finally {
    state.close();
  }
}

/** What a terminal has that does not tell its width. */
const USUAL_WIDTH = 80;
