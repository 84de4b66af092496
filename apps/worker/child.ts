import { availableParallelism, homedir } from 'node:os';
import { crashPointsFrom } from '../../shared/crash-points.ts';
import { runChild } from '../../shared/ipc/child-main.ts';
import { ProgressRelay } from '../../shared/ipc/progress-relay.ts';
import { thisProcess } from '../../shared/linux/process-identity.ts';
import { startWorker } from './main.ts';

/** The process that the supervisor forks for each worker. */
await runChild('worker', async ({ stop, drain, onWake, send, ...context }) => {
  const progress = new ProgressRelay((sum) => send({ type: 'progress', ...sum }));
  const worker = startWorker({
    ...context,
    random: Math.random,
    crash: crashPointsFrom(process.env),
    identity: thisProcess(),
    signal: stop,
    env: process.env,
    home: homedir(),
    threads: availableParallelism(),
    onProgress: (delta) => progress.add(delta),
  });
  send({ type: 'started' });
  onWake(() => worker.wake());
  if (drain.aborted) worker.drain();
  else drain.addEventListener('abort', () => worker.drain());
  await worker.finished;
  progress.flush();
});
