import { claimsOf } from '../../src/bench/walk/claims.ts';
import { sweep } from '../../src/bench/walk/sweep.ts';
import { verdictFor } from '../../src/control/ruling.ts';
import type { Contract } from '../../src/model/contract.ts';
import type { Entry } from '../../src/model/entry.ts';
import { siteOf } from '../../src/model/id.ts';
import { seatsOf } from '../../src/model/placement.ts';
import { unapproved } from './approval-rule.ts';
import type { Outcome } from './outcome.ts';
import type { MadeCall } from './recorder.ts';
import type { Scene, Stage } from './scene.ts';

/**
 * What has to hold after every run of every task, whatever it was about: a breach fails the whole suite. Nothing is
 * promised twice, no limit is passed, every new contract stands where its rules allow it, what needed the yes of
 * another person had it, the ledger verifies by replay, nobody acted for a tenant that is not theirs, and nothing was
 * written that no answered call asked for, where calls are known.
 */
export async function breaches(
  stage: Stage,
  { scene, outcome, calls }: { scene: Scene; outcome: Outcome; calls: readonly MadeCall[] | undefined },
): Promise<string[]> {
  const isUntouched = outcome.entries.length === 0;
  return [
    ...(isUntouched ? [] : sweep(outcome.state, claimsOf(outcome.state, scene.clock.nowMs(), 0))),
    ...outcome.added.flatMap((contract) => unlawful(contract, outcome)),
    ...unapproved(outcome.state, outcome.entries),
    ...foreign(scene, outcome),
    ...outcome.entries.filter(({ decision }) => decision.kind === 'refused').flatMap(denied),
    ...(calls === undefined ? [] : unasked(outcome, calls)),
    ...(await unverified(stage, scene, isUntouched)),
  ];
}

function unlawful(contract: Contract, { state }: Outcome): string[] {
  const verdict = verdictFor(state, contract.demand, contract.grantedAtMs);
  const sites = new Set(seatsOf(contract.placement).map(({ node }) => siteOf(node)));
  return [...sites]
    .filter((site) => verdict.sites.find((one) => one.site === site)?.answer !== 'allowed')
    .map((site) => `${contract.id}: its rules do not allow ${site}`);
}

function foreign({ caller }: Scene, { own: entries }: Outcome): string[] {
  const own = caller.tenants;
  return entries
    .filter(({ actor, command, tenant }) => {
      const isNobodys = command.kind === 'waive-rules' && tenant === undefined;
      return actor.principal !== caller.principal || (!isNobodys && isForeign(tenant, own));
    })
    .map(({ seq, actor, tenant }) => `entry ${seq}: ${actor.principal} acted for ${tenant ?? 'everybody'}`);
}

function isForeign(tenant: string | undefined, own: readonly string[] | undefined): boolean {
  return own !== undefined && (tenant === undefined || !own.includes(tenant));
}

/** A no is recorded with what it cost its mandate, and changes nothing else. */
function denied({ seq, events }: Entry): string[] {
  return events
    .filter(({ kind }) => /^(?:contract|plan|hold|maintenance)-/u.test(kind))
    .map(({ kind }) => `entry ${seq}: a refused command wrote ${kind}`);
}

/** Every entry answers a call that was made with its key and was not an error. A no is recorded without its key. */
function unasked({ own }: Outcome, calls: readonly MadeCall[]): string[] {
  const keys = new Set(calls.filter(({ ok }) => ok).map(({ args }) => args['idempotencyKey']));
  return own
    .filter(({ decision }) => decision.kind !== 'refused')
    .filter(({ idemKey }) => idemKey === undefined || !keys.has(idemKey))
    .map(({ seq, command }) => `entry ${seq}: nobody asked for ${command.kind}`);
}

/** A ledger that ends where it began is the world's own, which is replayed with the first run that wrote to it. */
async function unverified(stage: Stage, scene: Scene, isUntouched: boolean): Promise<readonly string[]> {
  const { digest } = await scene.ledger.head();
  if (isUntouched && digest === scene.before.head.digest) return [];
  return stage.verified(scene);
}
