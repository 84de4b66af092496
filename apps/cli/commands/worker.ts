import { availableParallelism, homedir } from 'node:os';
import type { Command } from 'commander';
import type { Settings } from '../../../shared/config/settings.ts';
import { runAlone } from '../alone.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../help.ts';
import { GROUPS, PRECEDENCE } from '../option-groups.ts';
import { addOptions } from '../options.ts';
import { settingsOfAlone } from '../settings.ts';

/** `wharfinger worker`: one worker alone, for a process manager. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('worker')
    .summary('run one worker alone, for a process manager such as pm2')
    .description(
      'Takes jobs from the queue in the state file and handles each as its route says. ' +
        'Any number may run beside each other, and beside `start`; a discoverer is what fills the queue.',
    );
  addOptions(command, GROUPS.worker).action(async () => {
    await work(settingsOfAlone(command, context).settings, context);
  });
  command.addHelpText('after', PRECEDENCE);
  addExamples(command, [
    ['wharfinger worker', 'work on data/state/wharfinger.db'],
    ['wharfinger worker --config /etc/wharfinger.yaml', 'with the config file of the others'],
    ['wharfinger worker --once', 'work until the queue is empty, then exit'],
  ]);
}

async function work(settings: Settings, context: CliContext): Promise<void> {
  const { prepareState } = await import('../../../shared/config/prepare.ts');
  prepareState(settings.statePath);
  await runAlone('worker', settings, context, async ({ name, state, logger, signal }) => {
    const { startWorker } = await import('../../worker/main.ts');
    const { thisProcess } = await import('../../../shared/linux/process-identity.ts');
    const { crashPointsFrom } = await import('../../../shared/crash-points.ts');
    const { Meter } = await import('../../../shared/metrics/meter.ts');
    const meter = new Meter(context.clock);
    const worker = startWorker({
      settings,
      name,
      state,
      logger,
      clock: context.clock,
      random: Math.random,
      crash: crashPointsFrom(context.env),
      identity: thisProcess(),
      signal,
      env: context.env,
      home: homedir(),
      threads: availableParallelism(),
      onProgress: (delta) => meter.add(delta),
    });
    if (settings.once) worker.drain();
    await worker.finished;
    if (!settings.once || signal.aborted) return;
    const { readStats } = await import('../../../shared/queue/inspect/stats.ts');
    const { exitCodeOfOnce } = await import('../../supervisor/once-summary.ts');
    context.setExitCode(
      exitCodeOfOnce({ done: meter.totals, stats: readStats(state, context.clock.nowMs()) }),
    );
  });
}
