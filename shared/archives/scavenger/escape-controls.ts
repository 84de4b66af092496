// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A name for a text that is read line by line, perhaps at a terminal. */
export const escapeControls = (text: string): string =>
  text.replace(CONTROLS, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
