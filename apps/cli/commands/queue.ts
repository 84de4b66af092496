import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { UsageError } from '../../../shared/errors.ts';
import { dropJobs } from '../../../shared/queue/inspect/drop.ts';
import { JOB_STATES, listCandidates, listJobs } from '../../../shared/queue/inspect/list.ts';
import { parseJobId, retryAll, retryJobs } from '../../../shared/queue/inspect/retry.ts';
import { readStats, statsJson } from '../../../shared/queue/inspect/stats.ts';
import type { JobState } from '../../../shared/queue/job.ts';
import type { CliContext } from '../context.ts';
import {
  CANDIDATE_HEADER,
  candidateJson,
  candidateText,
  JOB_HEADER,
  jobJson,
  jobText,
} from '../format/jobs.ts';
import { done, statsText } from '../format/stats.ts';
import { addExamples } from '../help.ts';
import { addStateOptions } from '../options.ts';
import { changingState, readingState } from '../state.ts';

/** `queue stats|list|retry|drop`: what waits, what got stuck, and what a person can do about it. */
export function register(program: Command, context: CliContext): void {
  const queue = program
    .command('queue')
    .summary('see what waits and what failed; retry or drop it')
    .description('Shows what waits and what failed, and retries or drops it.');
  registerStats(queue, context);
  registerList(queue, context);
  registerRetry(queue, context);
  registerDrop(queue, context);
  addExamples(queue, [
    ['wharfinger queue stats --watch', 'how much waits, and how fast it goes'],
    ['wharfinger queue list --state failed', 'what failed, and why'],
    ['wharfinger queue retry --failed', 'again, after the cause was mended'],
    ['wharfinger queue drop 17', 'forget job 17; its file stays where it is'],
  ]);
}

/** How often `--watch` looks. */
const WATCH_MS = 1000;
const CLEAR_SCREEN = '\x1b[H\x1b[J';

function registerStats(queue: Command, context: CliContext): void {
  const { stdout, clock } = context;
  const command = queue
    .command('stats')
    .description('how much waits, who works on it, and how fast it goes')
    .option('--json', 'one JSON object')
    .option('--watch', 'again every second, until it is interrupted; with --json a line each')
    .addHelpText('after', STATS_HELP);
  addStateOptions(command);
  addExamples(command, [
    ['wharfinger queue stats', 'look once'],
    ['wharfinger queue stats --watch', 'keep looking'],
    ['wharfinger queue stats --json | jq .depth', 'how many jobs are still to be done'],
  ]);
  command.action(async ({ json, watch }: { json?: true; watch?: true }) => {
    await readingState(command, context, async (state) => {
      const show = (before: string) => {
        const stats = readStats(state, clock.nowMs());
        stdout.write(json ? `${JSON.stringify(statsJson(stats))}\n` : `${before}${statsText(stats)}`);
      };
      if (!watch) return show('');
      const signal = context.stopSignal();
      const between = stdout.isTerminal ? CLEAR_SCREEN : '\n';
      for (show(stdout.isTerminal ? between : ''); await pause(signal); show(between));
    });
  });
}

/** @returns false when it was asked to stop instead */
const pause = (signal: AbortSignal): Promise<boolean> =>
  sleep(WATCH_MS, true, { signal }).catch((error: unknown) => {
    if (signal.aborted) return false;
    throw error;
  });

const STATS_HELP = `
JSON keys: depth (ready + delayed + leased), ready, delayed, leased, failed,
candidates, overdue (of the candidates), committed, committed_bytes, duplicates,
oldest_ready_seconds (null where none is ready), files_per_second and
bytes_per_second (over the last 60 seconds), leases (owner, pid, host, jobs,
seconds_left, alive), kinds (ready, delayed, leased and failed of each kind of
job), loads (null where nothing was ever to be loaded into a table: tasks,
of each status, waiting_files, failed_files, loaded_files, loaded_rows,
rejected_rows, oldest_unloaded_seconds) and archives (null where nothing was
ever to be archived: waiting_files, oldest_waiting_seconds, archived_files,
archived_bytes).

It only reads, never makes a worker wait, and works while nothing runs.`;

function registerList(queue: Command, context: CliContext): void {
  const { stdout, clock } = context;
  const command = queue
    .command('list')
    .description('the jobs, oldest first, each with why it waits')
    .addOption(new Option('--state <STATE>', 'only these').choices([...JOB_STATES, 'candidate']))
    .option('--kind <KIND>', 'only jobs of this kind')
    .option('--json', 'a JSON object a line')
    .addHelpText('after', LIST_HELP);
  addStateOptions(command);
  addExamples(command, [
    ['wharfinger queue list --state failed', 'what needs a person'],
    ['wharfinger queue list --state candidate', 'what is not complete yet'],
    ['wharfinger queue list --json | jq -r .path', 'the paths of all jobs'],
  ]);
  command.action(async ({ state: only, kind, json }: { state?: string; kind?: string; json?: true }) => {
    await readingState(command, context, (state) => {
      const nowMs = clock.nowMs();
      if (only === 'candidate') {
        if (!json) stdout.write(CANDIDATE_HEADER);
        for (const candidate of listCandidates(state)) {
          stdout.write(json ? line(candidateJson(candidate)) : candidateText(candidate, nowMs));
        }
        return;
      }
      if (!json) stdout.write(JOB_HEADER);
      const filter = {
        ...(only === undefined ? {} : { state: only as JobState }),
        ...(kind === undefined ? {} : { kind }),
      };
      for (const job of listJobs(state, filter))
        stdout.write(json ? line(jobJson(job)) : jobText(job, nowMs));
    });
  });
}

const line = (record: Record<string, unknown>): string => `${JSON.stringify(record)}\n`;

const LIST_HELP = `
JSON keys of a job: id, kind, state, attempts, next_run (null unless delayed),
reason, owner (of its lease), size, enqueued_at, path. Of a candidate: state,
waits_for (stability, second-look, sidecar, writer), first_seen, next_look
(null: at the next event or scan), overdue, route, path. A name that is not
UTF-8 has its bytes in path_base64.`;

function registerRetry(queue: Command, context: CliContext): void {
  const { stdout, clock } = context;
  const command = queue
    .command('retry')
    .description('make jobs ready now, with their attempts counted anew')
    .argument('[ID...]', 'numbers from `queue list`')
    .option('--failed', 'every job that failed')
    .option('--delayed', 'every job that waits for its time');
  addStateOptions(command);
  addExamples(command, [
    ['wharfinger queue retry 17 23', 'these two'],
    ['wharfinger queue retry --failed', 'all, after the cause was mended'],
  ]);
  command.action(async (texts: string[], { failed, delayed }: { failed?: true; delayed?: true }) => {
    const ids = texts.map(parseJobId);
    const all = [...(failed ? (['failed'] as const) : []), ...(delayed ? (['delayed'] as const) : [])];
    if ((ids.length === 0) === (all.length === 0)) throw whichJobs();
    const retried = await changingState(command, context, (state) =>
      ids.length > 0
        ? retryJobs(state, ids, clock.nowMs())
        : all.reduce((sum, which) => sum + retryAll(state, which, clock.nowMs()), 0),
    );
    stdout.write(done(retried, 'ready again'));
  });
}

const whichJobs = (): UsageError =>
  new UsageError('retry takes either the numbers of jobs, or --failed or --delayed', {
    code: 'usage.value',
    subject: 'retry',
    hint: 'see `wharfinger queue list --state failed`',
  });

function registerDrop(queue: Command, context: CliContext): void {
  const command = queue
    .command('drop')
    .description('remove jobs from the queue; their files stay where they are')
    .argument('<ID...>', 'numbers from `queue list`')
    .addHelpText('after', DROP_HELP);
  addStateOptions(command);
  addExamples(command, [['wharfinger queue drop 17', 'forget this job']]);
  command.action(async (texts: string[]) => {
    const ids = texts.map(parseJobId);
    context.stdout.write(
      done(
        await changingState(command, context, (state) => dropJobs(state, ids, context.clock.nowMs())),
        'dropped',
      ),
    );
  });
}

const DROP_HELP = `
A file that still lies in its input directory is found and queued again by the
next scan: move it away or exclude it (--exclude) to keep it out. A job that a
worker has in hand, or whose file has begun to move, is not dropped.`;
