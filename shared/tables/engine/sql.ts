/** A name as SQL takes it, whatever it holds. */
export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as SQL takes it. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
