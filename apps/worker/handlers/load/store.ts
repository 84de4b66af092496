import { Totals } from '../../../../shared/ledger/totals.ts';
import { Routes } from '../../../../shared/queue/routes.ts';
import { Settlements } from '../../../../shared/queue/settle.ts';
import { Sinks } from '../../../../shared/queue/sinks.ts';
import type { State } from '../../../../shared/state/open.ts';
import { LoadedContents } from '../../../../shared/tables/loaded-contents.ts';
import { Publications } from '../../../../shared/tables/publications.ts';
import { Scanner } from '../../../../shared/tables/scanner.ts';
import { LoadSchemas } from '../../../../shared/tables/schemas.ts';
import { TaskFiles } from '../../../../shared/tables/task-files.ts';
import { TaskJobs } from '../../../../shared/tables/task-jobs.ts';
import { LoadTasks } from '../../../../shared/tables/tasks.ts';

/** The tables that a load reads and writes, on one connection. */
export class LoadStore {
  readonly state: State;
  readonly settlements: Settlements;
  readonly routes: Routes;
  readonly sinks: Sinks;
  readonly totals: Totals;
  readonly scanner: Scanner;
  readonly tasks: LoadTasks;
  readonly files: TaskFiles;
  readonly jobs: TaskJobs;
  readonly schemas: LoadSchemas;
  readonly contents: LoadedContents;
  readonly publications: Publications;

  constructor(state: State) {
    this.state = state;
    this.settlements = new Settlements(state);
    this.routes = new Routes(state);
    this.sinks = new Sinks(state);
    this.totals = new Totals(state);
    this.scanner = new Scanner(state);
    this.tasks = new LoadTasks(state);
    this.files = new TaskFiles(state);
    this.jobs = new TaskJobs(state);
    this.schemas = new LoadSchemas(state);
    this.contents = new LoadedContents(state);
    this.publications = new Publications(state);
  }
}
