import { ArchiveBases } from '../../../../shared/archive-sink/bases.ts';
import { CollectingSinks } from '../../../../shared/archive-sink/collecting.ts';
import { Deposits } from '../../../../shared/archive-sink/deposits.ts';
import { ArchiveJobs } from '../../../../shared/archive-sink/jobs.ts';
import { Releases } from '../../../../shared/archive-sink/releases.ts';
import { Ledger } from '../../../../shared/ledger/ledger.ts';
import { Totals } from '../../../../shared/ledger/totals.ts';
import { Routes } from '../../../../shared/queue/routes.ts';
import { Settlements } from '../../../../shared/queue/settle.ts';
import { Sinks } from '../../../../shared/queue/sinks.ts';
import type { State } from '../../../../shared/state/open.ts';

/** The tables that collecting a base reads and writes, on one connection. */
export class ScavengeStore {
  readonly state: State;
  readonly settlements: Settlements;
  readonly routes: Routes;
  readonly sinks: Sinks;
  readonly ledger: Ledger;
  readonly totals: Totals;
  readonly bases: ArchiveBases;
  readonly collecting: CollectingSinks;
  readonly deposits: Deposits;
  readonly releases: Releases;
  readonly jobs: ArchiveJobs;

  constructor(state: State) {
    this.state = state;
    this.settlements = new Settlements(state);
    this.routes = new Routes(state);
    this.sinks = new Sinks(state);
    this.ledger = new Ledger(state);
    this.totals = new Totals(state);
    this.bases = new ArchiveBases(state);
    this.collecting = new CollectingSinks(state);
    this.deposits = new Deposits(state);
    this.releases = new Releases(state);
    this.jobs = new ArchiveJobs(state);
  }
}
