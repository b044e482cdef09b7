import type { Control } from '../../src/control/control.ts';
import { emptyHead } from '../../src/model/entry.ts';
import { BerthError } from '../../src/model/error.ts';
import * as answers from './answers.ts';

export type ControlCall = { readonly method: string; readonly args: readonly unknown[] };

/** A door that answers at once with small correct views and remembers how it was called. */
export function fakeControl(instead: Partial<Control> = {}): { control: Control; calls: ControlCall[] } {
  const calls: ControlCall[] = [];
  const heard =
    <A>(method: string, answer: A) =>
    (...args: readonly unknown[]): Promise<A> => {
      calls.push({ method, args });
      return Promise.resolve(answer);
    };
  const control: Control = {
    clock: { kind: 'set', nowMs: () => answers.snapshot.atMs },
    head: heard('head', emptyHead),
    summary: heard('summary', answers.summary),
    searchNodes: heard('searchNodes', answers.nodeList([answers.node(1)])),
    records: heard('records', answers.records),
    tree: () => Promise.reject(notForTools),
    pictures: () => Promise.reject(notForTools),
    plan: heard('plan', answers.planned()),
    planTemplate: heard('planTemplate', answers.planned()),
    templates: heard('templates', answers.templates),
    addTemplate: () => Promise.reject(notForTools),
    explain: heard('explain', answers.explanation),
    simulate: heard('simulate', answers.simulation),
    planMaintenance: heard('planMaintenance', answers.maintenance),
    consolidate: () => Promise.reject(notForTools),
    contracts: heard('contracts', answers.contracts),
    contract: heard('contract', answers.contractDetail),
    commit: heard('commit', answers.change('committed')),
    release: heard('release', answers.change('released')),
    planChange: heard('planChange', answers.planned()),
    hold: () => Promise.reject(notForTools),
    dropHold: () => Promise.reject(notForTools),
    leases: () => Promise.reject(notForTools),
    maintenance: () => Promise.reject(notForTools),
    scheduleMaintenance: heard('scheduleMaintenance', answers.closed),
    cancelMaintenance: () => Promise.reject(notForTools),
    approvals: heard('approvals', answers.approvals),
    occurrences: heard('occurrences', answers.occurrences),
    operations: heard('operations', answers.operations),
    approval: () => Promise.reject(notForTools),
    decideApproval: () => Promise.reject(notForTools),
    authority: () => Promise.reject(notForTools),
    recordAuthority: () => Promise.reject(notForTools),
    conflicts: () => Promise.reject(notForTools),
    unknowns: () => Promise.reject(notForTools),
    provenance: () => Promise.reject(notForTools),
    importObservation: () => Promise.reject(notForTools),
    registerTenant: () => Promise.reject(notForTools),
    checkPolicy: heard('checkPolicy', answers.policyCheck),
    compareEngines: () => Promise.reject(notForTools),
    policyRecord: () => Promise.reject(notForTools),
    facts: () => Promise.reject(notForTools),
    recordFacts: () => Promise.reject(notForTools),
    retractFact: () => Promise.reject(notForTools),
    overrideRule: () => Promise.reject(notForTools),
    liftOverride: () => Promise.reject(notForTools),
    verify: heard('verify', answers.verified),
    audit: heard('audit', { snapshot: answers.snapshot, entries: [] }),
    watches: () => Promise.reject(notForTools),
    observe: () => Promise.reject(notForTools),
    planBinding: () => Promise.reject(notForTools),
    tryBinding: () => Promise.reject(notForTools),
    bind: () => Promise.reject(notForTools),
    engineShares: () => Promise.reject(notForTools),
    bindings: () => Promise.reject(notForTools),
    mandate: () => Promise.reject(notForTools),
    beginRun: () => Promise.reject(notForTools),
    noteRun: () => Promise.reject(notForTools),
    endRun: () => Promise.reject(notForTools),
    runBarrier: () => Promise.reject(notForTools),
    runs: () => Promise.reject(notForTools),
    run: () => Promise.reject(notForTools),
    watchRound: () => Promise.reject(notForTools),
    standing: () => Promise.reject(notForTools),
    engineNodes: () => Promise.reject(notForTools),
    prove: () => Promise.reject(notForTools),
    proveEntry: () => Promise.reject(notForTools),
    proveGrowth: () => Promise.reject(notForTools),
    checkpoint: () => Promise.reject(notForTools),
    export: () => {
      throw notForTools;
    },
    backup: () => Promise.reject(notForTools),
    erase: () => Promise.reject(notForTools),
    chats: {
      begin: () => Promise.reject(notForTools),
      end: () => Promise.reject(notForTools),
      list: () => Promise.reject(notForTools),
      read: () => Promise.reject(notForTools),
      endOf: () => Promise.reject(notForTools),
      requests: () => Promise.reject(notForTools),
      erase: () => Promise.reject(notForTools),
    },
    close: heard('close', undefined),
    ...instead,
  };
  return { control, calls };
}

const notForTools = new BerthError({
  code: 'FORBIDDEN',
  message: 'no tool does this',
  fix: 'use the terminal',
});
