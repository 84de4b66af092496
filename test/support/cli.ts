import { EventEmitter } from 'node:events';
import type { CliContext, Output } from '../../apps/cli/context.ts';
import { runCli } from '../../apps/cli/run-cli.ts';
import type { ExitCode } from '../../shared/errors.ts';

export type CliRun = { stdout: string; stderr: string; exitCode: ExitCode };

export type CliOptions = {
  cwd?: string;
  nowMs?: number;
  isTerminal?: boolean;
  env?: Record<string, string>;
  /** Stops a command that goes on until it is told to. */
  stop?: AbortSignal;
  /** Called with what a command wrote to stdout, when it does. */
  onWrite?(text: string): void;
};

/** Runs a command line in this process, as the program would. */
export async function cli(argv: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { cwd = '/', nowMs = Date.now(), isTerminal = false, env = {}, stop, onWrite } = options;
  const run: CliRun = { stdout: '', stderr: '', exitCode: 0 };
  const output = (stream: 'stdout' | 'stderr'): Output => ({
    write: (text) => {
      run[stream] += text;
      if (stream === 'stdout') onWrite?.(text);
    },
    isTerminal,
    columns: isTerminal ? 80 : undefined,
  });
  const context: CliContext = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    env,
    cwd,
    clock: { nowMs: () => nowMs, monotonicMs: () => 0 },
    version: '0.0.0',
    signals: new EventEmitter(),
    stopSignal: () => stop ?? new AbortController().signal,
    setExitCode: (code) => {
      run.exitCode = code;
    },
  };
  await runCli(argv, context);
  return run;
}

/** The objects of an output that has one a line. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
