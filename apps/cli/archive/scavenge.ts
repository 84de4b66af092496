import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type ArchiveEvent, ROTATE_MS, VOLUME_BYTES } from '../../../shared/archives/contract.ts';
import type { ScavengeOutcome } from '../../../shared/archives/scavenger/scavenge.ts';
import { seconds, size } from '../../../shared/config/option-types.ts';
import { show } from '../../../shared/config/words.ts';
import { crashPointsFrom } from '../../../shared/crash-points.ts';
import { EXIT, UsageError, WharfingerError } from '../../../shared/errors.ts';
import { thisProcess } from '../../../shared/linux/process-identity.ts';
import { createLogger, type Logger } from '../../../shared/log/logger.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../help.ts';
import { wantsColour } from '../terminal.ts';
import { hasDone, outcomeJson, outcomeText } from './scavenge-text.ts';

const EVERY_SECONDS = 10;

type Given = {
  flush?: true;
  rotateSeconds?: string;
  volumeBytes?: string;
  everySeconds?: string;
  watch?: true;
  json?: true;
};

/** `archive scavenge`: collects what is staged below a base into its archives. */
export function addScavenge(parent: Command, context: CliContext): void {
  const command = parent
    .command('scavenge')
    .description('collect what was deposited below a directory into its archives')
    .argument('<DIR>', 'the base of the archives')
    .option('--flush', 'collect what other hosts left open as soon as it has been silent for 30 s')
    .option(
      '--rotate-seconds <N>',
      `how often the writers begin a new staging archive (default: ${ROTATE_MS / 1000})`,
    )
    .option('--volume-bytes <SIZE>', 'a volume of this size is full (default: 64MiB)')
    .option('--watch', 'go on until it is told to stop')
    .option('--every-seconds <N>', `with --watch: how long between two passes (default: ${EVERY_SECONDS})`)
    .option('--json', 'one JSON object; with --watch one a line for each pass that had something to do')
    .addHelpText('after', HELP);
  addExamples(command, [
    ['wharfinger archive scavenge /srv/archives', 'collect what is there now; for cron'],
    ['wharfinger archive scavenge /srv/archives --watch', 'until told to stop'],
    ['wharfinger archive scavenge --flush /srv/archives', 'what crashed hosts left, too'],
  ]);
  command.action((directory: string, given: Given) => run(directory, given, context));
}

async function run(directory: string, given: Given, context: CliContext): Promise<void> {
  const { cwd, clock, env } = context;
  const settings = {
    rotateMs: number('--rotate-seconds', seconds(300), given.rotateSeconds, ROTATE_MS / 1000) * 1000,
    volumeBytes: number('--volume-bytes', size('64MiB'), given.volumeBytes, VOLUME_BYTES),
    everyMs: number('--every-seconds', seconds(EVERY_SECONDS), given.everySeconds, EVERY_SECONDS) * 1000,
  };
  if (given.everySeconds !== undefined && given.watch !== true)
    throw new UsageError('--every-seconds says nothing without --watch', {
      code: 'usage.option',
      subject: '--every-seconds',
      hint: 'add --watch, or leave it out: one pass is made',
    });
  const base = resolve(cwd, directory);
  assertNoFile(base, directory);
  const { scavenge } = await import('../../../shared/archives/scavenger/scavenge.ts');
  const { assertBase } = await import('../../../shared/archives/scavenger/faults.ts');
  assertBase(base);
  const stop = context.stopSignal();
  const pass = (signal: AbortSignal, onEvent: (event: ArchiveEvent) => void): Promise<ScavengeOutcome> =>
    scavenge({
      base,
      identity: thisProcess(),
      rotateMs: settings.rotateMs,
      flush: given.flush === true,
      volumeBytes: settings.volumeBytes,
      clock,
      random: Math.random,
      crash: crashPointsFrom(env),
      signal,
      onEvent,
    });
  const logger = loggerOf(context, given.watch === true);
  const print = (outcome: ScavengeOutcome): void =>
    context.stdout.write(given.json ? `${JSON.stringify(outcomeJson(outcome))}\n` : outcomeText(outcome));
  if (given.watch) {
    const { ScavengeLoop } = await import('../../../shared/archives/scavenger/scavenge-loop.ts');
    let waitsFor: string | undefined;
    const loop = new ScavengeLoop({
      pass,
      everyMs: settings.everyMs,
      onEvent: (event) => log(event, logger),
      onReport: (outcome) => {
        waitsFor = undefined;
        if (hasDone(outcome)) print(outcome);
      },
      onError: (err) => {
        // Once until it passes, or is another.
        const reason = err instanceof WharfingerError ? err.message : undefined;
        if (reason === undefined) logger.error({ event: 'defect', err });
        else if (reason !== waitsFor) logger.warn({ event: 'archive.waiting', base, reason });
        waitsFor = reason;
      },
    });
    await aborted(stop);
    return loop.stop();
  }
  const outcome = await pass(stop, (event) => log(event, logger));
  print(outcome);
  if (outcome.damaged + outcome.quarantined > 0) context.setExitCode(EXIT.filesFailed);
  const [failure] = outcome.failures;
  if (failure !== undefined) throw failure.error;
}

/** An archive is named by mistake where its base is meant. */
function assertNoFile(base: string, given: string): void {
  const stats = statSync(base, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return;
  throw new UsageError(`${given} is no directory`, {
    code: 'usage.value',
    subject: given,
    hint: 'give the base of the archives: the directory with `inbox` in it; all archives below it are collected',
  });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });

type Numeric = {
  schema: { safeParse(value: unknown): { success: boolean; data?: unknown } };
  expects: string;
  example: string;
};

function number(option: string, spec: Numeric, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const { data } = spec.schema.safeParse(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  if (typeof data === 'number') return data;
  throw new UsageError(`${option} is ${show(text)}, which is not ${spec.expects}`, {
    code: 'usage.value',
    subject: option,
    hint: `for example ${option} ${spec.example}`,
  });
}

/** One pass says only what a person should know; the sum is on stdout. */
const loggerOf = (context: CliContext, isWatching: boolean): Logger =>
  createLogger({
    level: isWatching ? 'info' : 'warn',
    format: context.stderr.isTerminal ? 'pretty' : 'json',
    process: `scavenger-${process.pid}`,
    sink: { write: (line) => context.stderr.write(line) },
    colour: wantsColour(context),
  });

const LEVELS = {
  'archive.published': 'info',
  'archive.version': 'warn',
  'archive.damaged': 'warn',
  'archive.quarantined': 'warn',
  'archive.bad_volume': 'error',
  'archive.taken': 'info',
} as const satisfies Record<ArchiveEvent['event'], 'info' | 'warn' | 'error'>;

function log(event: ArchiveEvent, logger: Logger): void {
  const level = LEVELS[event.event];
  if (event.event === 'archive.version') {
    const { storedAs, ...rest } = event;
    logger[level]({ ...rest, stored_as: storedAs });
  } else logger[level](event);
}

const HELP = `
Any number may run at once, on any hosts that share the directory: one of them
works, the others say who it is, and exit with 0. What a living process of this
host has open is left to it; what another host left open is collected when it was
silent for twice --rotate-seconds. See docs/archives.md.

Exit code 3: something was damaged, or is no staging archive, and lies in
inbox/damaged or inbox/quarantine with the reason beside it; all else is
collected. Exit code 5: the base is not there or refuses, or an archive does.

JSON keys: held_by (null, or who collects instead), staging_archives, members,
bytes, archives, duplicates, versions, damaged, quarantined, still_open, failed
(archive, reason).`;
