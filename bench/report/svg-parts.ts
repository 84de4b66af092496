export const WIDTH = 720;
export const HEIGHT = 360;

/** Where the marks are, between the axes. */
export const AREA = { left: 80, right: 700, top: 40, bottom: 300 };

/** Told apart also by those who see red and green alike (Okabe and Ito). */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export const text = (x: number, y: number, value: string, anchor = 'start', more = ''): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${more}>${escapeXml(value)}</text>`;

export const line = (x1: number, y1: number, x2: number, y2: number, colour = '#333'): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}"/>`;

export const round = (value: number): number => Math.round(value * 10) / 10;

/** `1,000,000` is wide: `1M`. */
export function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}
