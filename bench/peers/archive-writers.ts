import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WriteOrder, WriteReport } from './archive-order.ts';

const CHILD = fileURLToPath(new URL('./archive-writer.ts', import.meta.url));

export type WritersRun = { seconds: number; peakBytes: number; cpuSeconds: number };

/**
 * Forked processes write one order together, each its share; the clock runs from the start signal, when all are loaded, to the last report.
 *
 * @param order without `process`
 * @throws where a writer failed, or not all was written
 */
export async function runWriters(order: Omit<WriteOrder, 'process'>): Promise<WritersRun> {
  const children = Array.from({ length: order.processes }, (_, process) =>
    fork(CHILD, [JSON.stringify({ ...order, process })], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  try {
    await Promise.all(children.map((child) => nextMessage(child)));
    const startedMs = performance.now();
    for (const child of children) child.send('go');
    const reports = await Promise.all(children.map((child) => nextMessage(child)));
    const seconds = (performance.now() - startedMs) / 1000;
    const files = sum(reports.map((report) => report.files));
    if (files !== order.files) throw new Error(`${files} of ${order.files} files were written`);
    return {
      seconds,
      peakBytes: Math.max(...reports.map(({ peakBytes }) => peakBytes)),
      cpuSeconds: sum(reports.map(({ cpuSeconds }) => cpuSeconds)),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function nextMessage(child: ChildProcess): Promise<WriteReport> {
  const gone = new AbortController();
  const ended = once(child, 'exit', { signal: gone.signal }).then(([code, signal]) => {
    throw new Error(`a writer ended with ${signal ?? code}`);
  });
  ended.catch(() => undefined);
  const said = once(child, 'message', { signal: gone.signal }).then(([message]) => message);
  said.catch(() => undefined);
  try {
    return await Promise.race([said, ended]);
  } finally {
    gone.abort();
  }
}
