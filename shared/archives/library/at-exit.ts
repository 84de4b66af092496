const steps = new Set<() => void>();

/**
 * Has `step` done when the process exits, at once and without waiting: one listener for all, however many archives are open.
 *
 * @returns a function that takes it back
 */
export function atExit(step: () => void): () => void {
  if (steps.size === 0) process.on('exit', doSteps);
  steps.add(step);
  return () => {
    steps.delete(step);
    if (steps.size === 0) process.off('exit', doSteps);
  };
}

function doSteps(): void {
  for (const step of steps) step();
}
