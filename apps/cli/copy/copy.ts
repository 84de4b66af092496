import type { Command } from 'commander';
import { prepareState } from '../../../shared/config/prepare.ts';
import { EXIT } from '../../../shared/errors.ts';
import { type BytePath, fromText, join } from '../../../shared/fs/byte-path.ts';
import { loadProfiles, profileOf } from '../../../shared/object-store/credentials/load-profiles.ts';
import { openState, type State } from '../../../shared/state/open.ts';
import { copyPointsFrom } from '../../../shared/uploads/copy-points.ts';
import { CopyRecords } from '../../../shared/uploads/copy-records.ts';
import { serverPlace } from '../../../shared/uploads/server-places.ts';
import type { CliContext } from '../context.ts';
import { plural } from '../format/text.ts';
import { copyFiles } from './copy-files.ts';
import { type Destination, parseDestination } from './destination.ts';
import { prepareCopy } from './prepare.ts';
import { CopyReport, type Delivered } from './report.ts';
import { type CopySettings, copySettings } from './settings.ts';
import { isDirectory, type Plan, planCopies } from './sources.ts';
import { waitForEnds } from './wait.ts';

export type CopyOptions = { recursive?: true; force?: true; wait?: true; json?: true };

export type CopyRequest = { sources: readonly string[]; to: string; options: CopyOptions };

/** Judges all that was asked for, before anything is touched; then copies, and follows the files where that is asked for. */
export async function copy(command: Command, context: CliContext, request: CopyRequest): Promise<void> {
  const { stderr, env, cwd } = context;
  const destination = parseDestination(request.to);
  const settings = copySettings(command, context);
  const profiles = loadProfiles({ file: settings.credentials, env, home: settings.home });
  profileOf(profiles, destination.profile);
  for (const warning of profiles.warnings) stderr.write(`wharfinger: ${warning}\n`);
  const signal = context.stopSignal();
  const plan = await planCopies({
    sources: request.sources,
    destination,
    recursive: request.options.recursive ?? false,
    cwd,
    serverDirectory: settings.serverDirectory,
    hasDirectory: (path) => isDirectory(join(bucketIn(settings, destination), fromText(path))),
    signal,
  });
  prepareCopy(settings.serverDirectory, destination.profile);
  prepareState(settings.statePath);
  const state = openState(settings.statePath);
  try {
    await new Copying(context, { request, destination, settings, plan, state, signal }).run();
  } finally {
    state.close();
  }
}

const bucketIn = ({ serverDirectory }: CopySettings, { profile, bucket }: Destination): BytePath =>
  join(join(serverPlace(fromText(serverDirectory), 'incoming'), fromText(profile)), fromText(bucket));

type CopyingOptions = {
  request: CopyRequest;
  destination: Destination;
  settings: CopySettings;
  plan: Plan;
  state: State;
  signal: AbortSignal;
};

class Copying {
  readonly #context: CliContext;
  readonly #options: CopyingOptions;
  readonly #records: CopyRecords;
  readonly #report: CopyReport;
  readonly #delivered: Delivered[] = [];

  constructor(context: CliContext, options: CopyingOptions) {
    const { request, destination, plan, state } = options;
    this.#context = context;
    this.#options = options;
    this.#records = new CopyRecords(state, () => context.clock.nowMs());
    this.#report = new CopyReport(context, { destination, json: request.options.json ?? false, plan });
  }

  async run(): Promise<void> {
    const { plan, request } = this.#options;
    const report = this.#report;
    // Until all is done: whoever ends the process before must not be told that it was, and perhaps remove the sources.
    this.#context.setExitCode(EXIT.filesFailed);
    for (const one of plan.notCopied) report.notCopied(one);
    let left: number;
    try {
      left = await this.#copy();
    } catch (error) {
      this.#isLeft(this.#delivered);
      throw error;
    } finally {
      report.summary();
    }
    if (left > 0) report.say(`told to stop: ${plural(left, 'file is', 'files are')} not copied`);
    const unfinished = left > 0 || request.options.wait !== true ? this.#delivered : await this.#wait();
    this.#isLeft(unfinished);
    const isDone = left === 0 && unfinished.length === 0 && report.failed === 0;
    this.#context.setExitCode(isDone ? EXIT.done : EXIT.filesFailed);
  }

  async #copy(): Promise<number> {
    const { request, destination, settings, plan, signal } = this.#options;
    const isFollowed = request.options.wait === true;
    return await copyFiles({
      plan,
      destination,
      serverDirectory: settings.serverDirectory,
      records: this.#records,
      force: request.options.force ?? false,
      points: copyPointsFrom(this.#context.env),
      signal,
      report: this.#report,
      onDelivered: (delivered) => {
        if (isFollowed) this.#delivered.push(this.#recorded(delivered));
        else this.#report.end(delivered, { is: deliveryOf(delivered), why: undefined });
      },
    });
  }

  /** What waited there already is followed too. */
  #recorded({ file, copied }: Delivered): Delivered {
    const { profile, bucket } = this.#options.destination;
    const record = copied.record ?? this.#records.ofWaiting({ profile, bucket, key: file.key }, copied.path);
    return { file, copied: { ...copied, record } };
  }

  /** @returns those whose end did not come */
  async #wait(): Promise<Delivered[]> {
    const { state, signal, settings } = this.#options;
    const { stderr, clock } = this.#context;
    const left = await waitForEnds(this.#delivered, {
      state,
      records: this.#records,
      report: this.#report,
      stderr,
      clock,
      signal,
      serveLine: `start one with \`wharfinger serve --server-directory ${settings.serverDirectory} --state-path ${settings.statePath}\``,
    });
    if (left.length > 0)
      this.#report.say(
        `no longer waiting: ${plural(left.length, 'file goes', 'files go')} on without this command`,
      );
    this.#report.waited();
    return left;
  }

  /** The last that is said of files that are followed no further. */
  #isLeft(delivered: readonly Delivered[]): void {
    for (const one of delivered) this.#report.end(one, { is: deliveryOf(one), why: undefined });
  }
}

const deliveryOf = ({ copied }: Delivered): 'copied' | 'present' =>
  copied.outcome === 'present' ? 'present' : 'copied';
