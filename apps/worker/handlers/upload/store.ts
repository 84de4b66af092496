import { Ledger } from '../../../../shared/ledger/ledger.ts';
import { Totals } from '../../../../shared/ledger/totals.ts';
import { Candidates } from '../../../../shared/queue/candidates.ts';
import { Routes } from '../../../../shared/queue/routes.ts';
import { Settlements } from '../../../../shared/queue/settle.ts';
import { Sinks } from '../../../../shared/queue/sinks.ts';
import type { State } from '../../../../shared/state/open.ts';
import { Buckets } from '../../../../shared/uploads/buckets.ts';
import { FileRecords } from '../../../../shared/uploads/file-records.ts';
import { KeptFiles } from '../../../../shared/uploads/kept-files.ts';
import { ObjectOwners } from '../../../../shared/uploads/object-owners.ts';
import { Objects } from '../../../../shared/uploads/objects.ts';
import { UploadAttempts } from '../../../../shared/uploads/upload-attempts.ts';

/** The tables that an upload reads and writes, on one connection. */
export class UploadStore {
  readonly state: State;
  readonly settlements: Settlements;
  readonly candidates: Candidates;
  readonly routes: Routes;
  readonly sinks: Sinks;
  readonly ledger: Ledger;
  readonly totals: Totals;
  readonly buckets: Buckets;
  readonly records: FileRecords;
  readonly attempts: UploadAttempts;
  readonly objects: Objects;
  readonly owners: ObjectOwners;
  readonly kept: KeptFiles;

  constructor(state: State) {
    this.state = state;
    this.settlements = new Settlements(state);
    this.candidates = new Candidates(state);
    this.routes = new Routes(state);
    this.sinks = new Sinks(state);
    this.ledger = new Ledger(state);
    this.totals = new Totals(state);
    this.buckets = new Buckets(state);
    this.records = new FileRecords(state);
    this.attempts = new UploadAttempts(state);
    this.objects = new Objects(state);
    this.owners = new ObjectOwners(state);
    this.kept = new KeptFiles(state);
  }
}
