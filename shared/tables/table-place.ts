import type { LoadSink } from '../config/settings.ts';
import { targetName } from '../config/table-texts.ts';

/**
 * The same text for the same table, however it is written: in DuckDB the names of tables are the same in any case, and who connects to a
 * database, and how, is not where its tables are.
 */
export function tablePlace({ target, table }: Pick<LoadSink, 'target' | 'table'>): string {
  if (target.is === 'duckdb') return `${targetName(target)} ${table.toLowerCase()}`;
  const url = target.is === 'postgres' ? URL.parse(target.url) : null;
  if (url === null) return `${targetName(target)} ${table}`;
  return `postgres://${url.hostname}:${url.port === '' ? DEFAULT_PORT : url.port}${url.pathname} ${table}`;
}

const DEFAULT_PORT = '5432';
