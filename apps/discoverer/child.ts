import { setImmediate as nextTurn } from 'node:timers/promises';
import { crashPointsFrom } from '../../shared/crash-points.ts';
import { runChild } from '../../shared/ipc/child-main.ts';
import { runDiscoverer } from './main.ts';

/** The process that the supervisor forks to find files. */
await runChild('discoverer', async ({ settings, state, logger, clock, stop, send }) => {
  const routes = [...settings.uploadRoutes, ...settings.routes].map(({ name, input }) => ({ name, input }));
  logger.info(
    { event: 'discoverer.started', routes },
    `watching ${routes.map(({ input }) => input).join(', ')}`,
  );
  const work = runDiscoverer({
    settings,
    state,
    logger,
    clock,
    signal: stop,
    crash: crashPointsFrom(process.env),
    onEnqueued: () => send({ type: 'wake' }),
  });
  // What it refuses for good at the start is known before its first pause; of a pass, when it is over.
  await Promise.race([work, settings.once ? work : nextTurn()]);
  send({ type: 'started' });
  const report = await work;
  if (settings.once && !stop.aborted) send({ type: 'scanned', report });
});
