import { tmpdir } from 'node:os';
import type { BenchCase } from './case.ts';
import { CASES } from './cases/cases.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, parseBenchOptions, USAGE } from './options.ts';
import { Program } from './program.ts';
import { writeDocument } from './report/document.ts';
import { readResults, withCase, writeResults } from './report/store.ts';
import { describeCase, describeRun } from './report/terminal.ts';
import type { CaseResult } from './results.ts';
import { WorkDirectory } from './work-directory.ts';

const DEFAULT_REPETITIONS = { quick: 2, usual: 5, full: 5 };

const options = parseBenchOptions(process.argv.slice(2), CASES);
if ('usage' in options) {
  process.stderr.write(`${options.usage}\n${USAGE}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = (await run(options)) ? 0 : 1;
}

/** @returns whether everything was measured */
async function run(options: BenchOptions): Promise<boolean> {
  const { sizes, cases, directory = tmpdir() } = options;
  print(describeRun(describeMachine(directory), sizes));
  let complete = true;
  for (const benchCase of cases) {
    try {
      const result = await measure(benchCase, options, directory);
      print(describeCase(result));
      // What a quick run finds is no figure to keep.
      if (sizes !== 'quick') writeResults(withCase(readResults(), result));
    } catch (error) {
      complete = false;
      print(`\n${benchCase.title}: NOT MEASURED: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (sizes === 'quick') print('\nquick: bench/results.json and docs/benchmarks.md stay as they are');
  else writeDocument(readResults());
  return complete;
}

async function measure(benchCase: BenchCase, options: BenchOptions, parent: string): Promise<CaseResult> {
  const { name, title, method } = benchCase;
  const { sizes, repetitions = DEFAULT_REPETITIONS[sizes] } = options;
  using work = new WorkDirectory(parent);
  const interrupted = (): never => {
    Program.killAll();
    work[Symbol.dispose]();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const machine = describeMachine(work.path);
  const startedMs = performance.now();
  const say = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
  const findings = await benchCase.run({ sizes, directory: work.make(name), repetitions, say });
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  const tookSeconds = Math.round((performance.now() - startedMs) / 1000);
  return {
    name,
    title,
    method,
    sizes,
    takenAt: new Date().toISOString(),
    tookSeconds,
    machine,
    ...findings,
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
