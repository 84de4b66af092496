import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { resolveLoadWorkers } from '../../../shared/config/resolve-workers.ts';
import { UsageError } from '../../../shared/errors.ts';
import type { State } from '../../../shared/state/open.ts';
import { findTask, type ListedTask, listTasks } from '../../../shared/tables/inspect/list-tasks.ts';
import { filesOfTask } from '../../../shared/tables/inspect/loaded-files.ts';
import { retryFailedTasks, retryTasks } from '../../../shared/tables/inspect/retry-tasks.ts';
import { stuckTasks } from '../../../shared/tables/inspect/stuck-tasks.ts';
import { TASK_STATUSES, type TaskStatus } from '../../../shared/tables/tasks.ts';
import type { CliContext } from '../context.ts';
import {
  fileHeader,
  fileJson,
  fileRow,
  parseTaskId,
  taskHeader,
  taskJson,
  taskRow,
  taskText,
} from '../format/loads.ts';
import { plural } from '../format/text.ts';
import { addExamples } from '../help.ts';
import { GROUPS, PRECEDENCE } from '../option-groups.ts';
import { addOptions, addStateOptions, givenOptions } from '../options.ts';
import { changingState, readingState } from '../state.ts';
import { supervise } from '../supervise.ts';

/** `load`: workers that load what waits; `load list|show|retry`: what waits, what failed, and why. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('load')
    .summary('load the files that wait into their tables; see and retry tasks')
    .description(
      'Loads the tasks in the state file into their tables, as `start` does beside its other work: those that `wharfinger scan` has made, and ' +
        'those of routes with a load sink. Several may run at once. With --once it loads what is there now, and exits with 3 where a task failed or waits.',
    );
  addOptions(command, GROUPS.load).action(async () => {
    const settings = resolveLoadWorkers({
      flags: givenOptions(command),
      env: context.env,
      cwd: context.cwd,
      cores: availableParallelism(),
      onTerminal: context.stderr.isTerminal,
    });
    const { prepareState } = await import('../../../shared/config/prepare.ts');
    prepareState(settings.statePath);
    await supervise(settings, context);
  });
  command.addHelpText('after', PRECEDENCE);
  registerList(command, context);
  registerShow(command, context);
  registerRetry(command, context);
  addExamples(command, [
    ['wharfinger load --once', 'load what waits now, then exit; for cron'],
    ['wharfinger load --workers 2', 'until told to stop'],
    ['wharfinger load list --status FAILED', 'what was not loaded, and why'],
    ['wharfinger load show 17', 'a task with its files'],
    ['wharfinger load retry --failed', 'again, after the cause was mended'],
  ]);
}

const line = (record: Record<string, unknown>): string => `${JSON.stringify(record)}\n`;

function registerList(load: Command, context: CliContext): void {
  const { stdout, clock } = context;
  const command = load
    .command('list')
    .description('the tasks, oldest first')
    .addOption(new Option('--status <STATUS>', 'only these').choices(TASK_STATUSES))
    .option('--json', 'a JSON object a line')
    .addHelpText('after', LIST_HELP);
  addStateOptions(command);
  addExamples(command, [
    ['wharfinger load list --status FAILED', 'what needs a person'],
    ['wharfinger load list --json | jq .rows', 'how many rows each task brought'],
  ]);
  command.action(async ({ status, json }: { status?: TaskStatus; json?: true }) => {
    await readingState(command, context, (state) => {
      const nowMs = clock.nowMs();
      const width = widthOf(context);
      if (!json) stdout.write(taskHeader(width));
      for (const task of tasksOf(state, status))
        stdout.write(json ? line(taskJson(task)) : taskRow(task, nowMs, width));
    });
  });
}

function* tasksOf(state: State, status: TaskStatus | undefined): Generator<ListedTask> {
  yield* listTasks(state, status === undefined ? {} : { status });
  if (status !== 'FAILED') return;
  for (const id of stuckTasks(state)) {
    const task = findTask(state, id);
    if (task !== undefined) yield task;
  }
}

/** Undefined where nobody looks: then nothing is cut. */
const widthOf = ({ stdout }: CliContext): number | undefined =>
  stdout.isTerminal ? stdout.columns : undefined;

const LIST_HELP = `
A task is a number of files that are loaded into one table together. It is NEW
until a worker takes it (gathering, as long as files are added to it), then
PROCESSING, and in the end LOADED or FAILED.

JSON keys: id, status, gathering, sink, route, target, table, ingest_date,
files, size, rows and rejects (of the files loaded so far), created_at,
modified_at, job (id, state, attempts, next_run, reason; null once it is done),
failure_msg (with the stack of the error).`;

function registerShow(load: Command, context: CliContext): void {
  const { stdout, clock } = context;
  const command = load
    .command('show')
    .description('a task with its files')
    .argument('<ID>', 'a number from `load list`')
    .option('--json', 'one JSON object for the task, then one a line for each file')
    .addHelpText('after', SHOW_HELP);
  addStateOptions(command);
  addExamples(command, [['wharfinger load show 17', 'what became of each file of it, and why']]);
  command.action(async (text: string, { json }: { json?: true }) => {
    const id = parseTaskId(text);
    await readingState(command, context, (state) => {
      const task = findTask(state, id);
      if (task === undefined) throw unknownTask(id);
      const width = widthOf(context);
      stdout.write(
        json ? line(taskJson(task)) : `${taskText(task, clock.nowMs(), width)}\n${fileHeader(width)}`,
      );
      for (const file of filesOfTask(state, id))
        stdout.write(json ? line(fileJson(file)) : fileRow(file, width));
    });
  });
}

const SHOW_HELP = `
A file waits until it is loaded, or its content was present in the table
already, of another file: then none of its rows are loaded again. One that
failed is in a task of its own.

JSON keys of a file: file, state (waiting, loaded, present, failed), rows,
rejects, size, sha256, modified_at (of the file), scanned_at, loaded_at, reason,
path. Those of the task are the same as in \`load list --json\`.`;

const unknownTask = (id: number): UsageError =>
  new UsageError(`there is no task ${id}`, {
    code: 'load.unknown-task',
    subject: String(id),
    hint: 'see the first column of `wharfinger load list`',
  });

function registerRetry(load: Command, context: CliContext): void {
  const { stdout, clock } = context;
  const command = load
    .command('retry')
    .description('load tasks now, with their attempts counted anew')
    .argument('[ID...]', 'numbers from `load list`')
    .option('--failed', 'every task that failed');
  addStateOptions(command);
  addExamples(command, [
    ['wharfinger load retry 17 23', 'these two'],
    ['wharfinger load retry --failed', 'all, after the cause was mended'],
  ]);
  command.action(async (texts: string[], { failed }: { failed?: true }) => {
    const ids = texts.map(parseTaskId);
    if ((ids.length === 0) === (failed !== true)) throw whichTasks();
    const retried = await changingState(command, context, (state) =>
      failed
        ? retryTasks(state, stuckTasks(state), clock.nowMs()) + retryFailedTasks(state, clock.nowMs())
        : retryTasks(state, ids, clock.nowMs()),
    );
    stdout.write(`${plural(retried, 'task')} ready again\n`);
  });
}

const whichTasks = (): UsageError =>
  new UsageError('retry takes either the numbers of tasks, or --failed', {
    code: 'usage.value',
    subject: 'retry',
    hint: 'see `wharfinger load list --status FAILED`',
  });
