import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { MIGRATIONS } from './migrations.ts';

/** The schema that all migrations together make, as SQLite tells it. */
export function dumpSchema(): string {
  const state = new Database(':memory:');
  for (const migration of MIGRATIONS) state.exec(migration);
  const rows = state
    .prepare<[], { sql: string }>(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )
    .all();
  state.close();
  return `-- The schema of the state file, version ${MIGRATIONS.length}. Made by \`npm run schema\`; do not edit.\n\n${rows.map((row) => `${row.sql};\n`).join('\n')}`;
}

export const SCHEMA_FILE = fileURLToPath(new URL('./schema.sql', import.meta.url));

if (import.meta.main) writeFileSync(SCHEMA_FILE, dumpSchema());
