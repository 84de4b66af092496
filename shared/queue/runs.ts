/** Numbers that follow each other without a gap. */
export type Run = { first: number; last: number; length: number };

/** The runs in some different numbers: what was inserted together is addressed by a statement a run, and not one a row. */
export function runsOf(numbers: readonly number[]): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const number of numbers.toSorted((a, b) => a - b)) {
    if (run !== undefined && number === run.last + 1) {
      run.last = number;
      run.length += 1;
    } else {
      run = { first: number, last: number, length: 1 };
      runs.push(run);
    }
  }
  return runs;
}
