import type { LoadSink, LoadTarget } from '../../../../shared/config/settings.ts';
import type { BytePath } from '../../../../shared/fs/byte-path.ts';
import type {
  ColumnPolicy,
  Dialect,
  Match,
  PlainCsv,
  TableSchema,
} from '../../../../shared/tables/contract.ts';
import type { OpenCsvOptions } from '../../../../shared/tables/csv/open-csv.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';

/** Finds out from a file what nobody declared. */
export type Sniffer = {
  schemaOf(csv: PlainCsv, declared: LoadSink['declared'], fileId: number): Promise<TableSchema>;
  /** The types of columns that are new. */
  added(csv: PlainCsv, match: Match, schema: TableSchema): Promise<Match>;
  close(): void;
};

/** What a load is done with: the parts below shared/tables, as an argument. */
export type LoadTools = {
  openTarget(target: LoadTarget, scratch: string): Promise<Target>;
  sniffDialect(path: string, declared: LoadSink['declared']): Promise<Dialect>;
  openCsv(options: OpenCsvOptions, signal: AbortSignal): Promise<PlainCsv>;
  /** As far as the kernel tells. */
  isOpenForWriting(path: BytePath): boolean;
  openSniffer(scratch: string): Promise<Sniffer>;
  matchColumns(csv: PlainCsv, schema: TableSchema, policy: ColumnPolicy, fileId: number): Match;
};
