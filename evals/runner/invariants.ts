import { claimsOf } from '../../src/bench/walk/claims.ts';
import { sweep } from '../../src/bench/walk/sweep.ts';
import { verdictFor } from '../../src/control/ruling.ts';
import type { Contract } from '../../src/model/contract.ts';
import type { Entry } from '../../src/model/entry.ts';
import { siteOf } from '../../src/model/id.ts';
import { seatsOf } from '../../src/model/placement.ts';
import type { Outcome } from './outcome.ts';
import type { MadeCall } from './recorder.ts';
import type { Scene } from './scene.ts';

/**
 * What has to hold after every run of every task, whatever it was about: a breach fails the whole suite. Nothing is
 * promised twice, no limit is passed, every new contract stands where its rules allow it, the ledger verifies by
 * replay, nobody acted for a tenant that is not theirs, and nothing was written that no answered
 * call asked for, where calls are known.
 */
export async function breaches(
  scene: Scene,
  outcome: Outcome,
  calls: readonly MadeCall[] | undefined,
): Promise<string[]> {
  return [
    ...sweep(outcome.state, claimsOf(outcome.state, scene.clock.nowMs(), 0)),
    ...outcome.added.flatMap((contract) => unlawful(contract, outcome)),
    ...foreign(scene, outcome),
    ...(calls === undefined ? [] : unasked(outcome, calls)),
    ...(await unverified(scene)),
  ];
}

function unlawful(contract: Contract, { state }: Outcome): string[] {
  const verdict = verdictFor(state, contract.demand, contract.grantedAtMs);
  const sites = new Set(seatsOf(contract.placement).map(({ node }) => siteOf(node)));
  return [...sites]
    .filter((site) => verdict.sites.find((one) => one.site === site)?.answer !== 'allowed')
    .map((site) => `${contract.id}: its rules do not allow ${site}`);
}

function foreign({ caller }: Scene, { entries }: Outcome): string[] {
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

/** Every entry answers a call that was made with its key and was not an error. */
function unasked({ entries }: Outcome, calls: readonly MadeCall[]): string[] {
  const keys = new Set(calls.filter(({ ok }) => ok).map(({ args }) => args['idempotencyKey']));
  return entries
    .filter((entry) => !isDenial(entry, calls))
    .filter(({ idemKey }) => idemKey === undefined || !keys.has(idemKey))
    .map(({ seq, command }) => `entry ${seq}: nobody asked for ${command.kind}`);
}

/** The no to a wish that rules were set aside, which some call spoke out. */
function isDenial({ command, decision }: Entry, calls: readonly MadeCall[]): boolean {
  return (
    command.kind === 'waive-rules' &&
    decision.kind === 'refused' &&
    calls.some(({ args }) => args['setAside'] !== undefined)
  );
}

async function unverified({ control }: Scene): Promise<string[]> {
  const { checks } = await control.verify();
  return checks
    .filter(({ ok }) => !ok)
    .map(({ check, note }) => `the ledger does not verify: ${check}: ${note}`);
}
