/**
 * Works on items, at most `most` at a time and in their order. After the first failure nothing more is begun, what is under way is
 * waited for, and the failure is thrown.
 */
export async function inPool<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  let failure: { error: unknown } | undefined;
  const one = async (): Promise<void> => {
    for (const item of waiting) {
      if (failure !== undefined) return;
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, one));
  if (failure !== undefined) throw failure.error;
}
