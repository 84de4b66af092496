import { systemClock } from '../../shared/clock.ts';
import { EXIT, errnoOf } from '../../shared/errors.ts';
import { syncSink } from '../../shared/log/sync-sink.ts';
import type { CliContext } from './context.ts';
import { lastWords } from './last-words.ts';
import { outputFault } from './output-fault.ts';
import { runCli } from './run-cli.ts';
import { takeStopSignals } from './stop-signal.ts';

/** What package.json says of the program. */
export type About = { version: string; reportTo?: string | undefined };

/** The program: gives the process to a command, and ends with its exit code when nothing is left to do. */
export async function main(process: NodeJS.Process, { version, reportTo }: About): Promise<void> {
  const stderr = syncSink(2);
  const end = (error: unknown): never => {
    const { text, exitCode } = lastWords(error, reportTo);
    stderr.write(text);
    process.exit(exitCode);
  };
  // Rejections that nobody handles come here too.
  process.on('uncaughtException', end);
  process.stdout.on('error', (error) => {
    // Whoever read our output has seen enough (`wharfinger queue list | head`).
    if (errnoOf(error) === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
    end(outputFault(error));
  });
  await runCli(process.argv.slice(2), contextOf(process, version, stderr.write), reportTo);
}

function contextOf(process: NodeJS.Process, version: string, writeError: (text: string) => void): CliContext {
  let stop: AbortSignal | undefined;
  return {
    stdout: outputOf(process.stdout, (text) => void process.stdout.write(text)),
    stderr: outputOf(process.stderr, writeError),
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    version,
    signals: process,
    stopSignal: (withinMs) => {
      const exit = () => process.exit(process.exitCode ?? EXIT.done);
      stop ??= takeStopSignals({ signals: process, clock: systemClock, exit }, withinMs);
      return stop;
    },
    setExitCode: (code) => {
      process.exitCode = code;
    },
  };
}

const outputOf = (stream: NodeJS.WriteStream, write: (text: string) => void): CliContext['stdout'] => ({
  write,
  get isTerminal() {
    return stream.isTTY === true;
  },
  get columns() {
    return stream.columns;
  },
});
