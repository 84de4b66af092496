export type Counted = readonly (readonly [string, number])[];

type ResultText = {
  /** What it was: seed, time, … */
  title: string;
  calamities: ReadonlyMap<string, number>;
  /** Further groups of numbers, in their order. */
  counted: readonly Counted[];
  problems: readonly string[];
  /** What can be said where there are no problems. */
  allIsWell: string;
};

/** The result of a soak for people: what it went through, what became of all that was put in, and what is wrong. */
export function resultText({ title, calamities, counted, problems, allIsWell }: ResultText): string {
  const groups = [sorted(calamities), ...counted];
  const width = Math.max(...groups.flat().map(([name]) => name.length));
  const rows = (group: Counted): string =>
    group.map(([name, count]) => `  ${name.padEnd(width)} ${String(count).padStart(8)}`).join('\n');
  return [title, ...groups.map(rows), problems.length === 0 ? allIsWell : problems.join('\n')].join('\n\n');
}

export const sorted = (counts: ReadonlyMap<string, number>): Counted => [...counts].sort();
