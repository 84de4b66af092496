import type { Settings } from '../../shared/config/settings.ts';
import type { State } from '../../shared/state/open.ts';
import type { CliContext } from './context.ts';
import { wantsColour } from './terminal.ts';

/**
 * Runs the processes that settings ask for until they are over, and sets the exit code. The state file is made where it is missing. What
 * waits for a bucket does not wait any longer: whoever starts the program may have mended it.
 */
export async function supervise(settings: Settings, context: CliContext): Promise<void> {
  const { clock, stderr, version, signals } = context;
  const { openState } = await import('../../shared/state/open.ts');
  const state = openState(settings.statePath);
  try {
    await lookAgain(state, clock.nowMs());
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

async function lookAgain(state: State, nowMs: number): Promise<void> {
  const { writeTransaction } = await import('../../shared/state/transaction.ts');
  const { Buckets } = await import('../../shared/uploads/buckets.ts');
  const buckets = new Buckets(state);
  writeTransaction(state, () => buckets.lookAgain(nowMs));
}

/** What a terminal has that does not tell its width. */
const USUAL_WIDTH = 80;
