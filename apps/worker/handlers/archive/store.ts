import { ArchiveBases } from '../../../../shared/archive-sink/bases.ts';
import { Deposits } from '../../../../shared/archive-sink/deposits.ts';
import { ArchiveJobs } from '../../../../shared/archive-sink/jobs.ts';
import { Ledger } from '../../../../shared/ledger/ledger.ts';
import { Routes } from '../../../../shared/queue/routes.ts';
import { Settlements } from '../../../../shared/queue/settle.ts';
import { Sinks } from '../../../../shared/queue/sinks.ts';
import type { State } from '../../../../shared/state/open.ts';

/** The tables that a deposit reads and writes, on one connection. */
export class ArchiveStore {
  readonly state: State;
  readonly settlements: Settlements;
  readonly routes: Routes;
  readonly sinks: Sinks;
  readonly ledger: Ledger;
  readonly bases: ArchiveBases;
  readonly deposits: Deposits;
  readonly jobs: ArchiveJobs;

  constructor(state: State) {
    this.state = state;
    this.settlements = new Settlements(state);
    this.routes = new Routes(state);
    this.sinks = new Sinks(state);
    this.ledger = new Ledger(state);
    this.bases = new ArchiveBases(state);
    this.deposits = new Deposits(state);
    this.jobs = new ArchiveJobs(state);
  }
}
