/** Turns a value into a place on an axis, with the values that get a mark. */
export type Scale = { at(value: number): number; ticks: number[] };

const TICKS = 5;

/** From 0 to a round number at or above `highest`. */
export function linearScale(highest: number, from: number, to: number): Scale {
  const step = roundStep(highest / TICKS);
  const top = Math.max(step, Math.ceil(highest / step) * step);
  const count = Math.round(top / step);
  return {
    at: (value) => from + (value / top) * (to - from),
    ticks: Array.from({ length: count + 1 }, (_, n) => n * step),
  };
}

/** Powers of ten around the values, which are above 0. */
export function logScale(lowest: number, highest: number, from: number, to: number): Scale {
  const first = Math.floor(Math.log10(lowest));
  const last = Math.max(first + 1, Math.ceil(Math.log10(highest)));
  return {
    at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from),
    ticks: Array.from({ length: last - first + 1 }, (_, n) => 10 ** (first + n)),
  };
}

/** 1, 2 or 5 times a power of ten, at or above `step`. */
function roundStep(step: number): number {
  if (!(step > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(step));
  return ([1, 2, 5, 10].find((factor) => factor * power >= step) ?? 10) * power;
}
