import pidusage from 'pidusage';

export type ProcessId = { name: string; pid: number };

/** `cpu` in percent of one core since the sample before (0 in a process's first one), `rss` in bytes. */
export type ProcessUsage = ProcessId & { cpu: number; rss: number };

/** What each process uses now. One that is gone is left out; it never throws, since no file waits for these figures. */
export async function sampleUsage(processes: readonly ProcessId[]): Promise<ProcessUsage[]> {
  if (processes.length === 0) return [];
  let usages: Record<string, pidusage.Status | null>;
  try {
    usages = await pidusage(processes.map(({ pid }) => pid));
  } catch {
    return [];
  }
  return processes.flatMap(({ name, pid }) => {
    const usage = usages[pid] ?? undefined;
    return usage === undefined
      ? []
      : [{ name, pid, cpu: Math.round(usage.cpu * 10) / 10, rss: usage.memory }];
  });
}

/** Lets go of the files and the timer that pidusage keeps between samples. */
export const forgetUsage = (): void => pidusage.clear();
