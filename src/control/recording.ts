import { chainOf, type MandateRecord } from '../core/authority/authority.ts';
import { rolesOf } from '../core/authority/people.ts';
import type { State } from '../core/state.ts';
import type { AuthorityView, MandateView } from '../model/authority-view.ts';
import type { AuthorityCommand } from '../model/command.ts';
import type { RecordResult } from '../model/deed-view.ts';
import { IdemKey } from '../model/id.ts';
import { compareText } from '../model/text.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { reasoned } from './once.ts';
import { refusalView } from './views/refusal-view.ts';
import { snapshotOf } from './views/snapshot.ts';
import { saidIn } from './words.ts';
import { isoIn } from './zone.ts';

/** What is recorded about who may do what; words on approvals go another way. */
export type Recordable = Exclude<AuthorityCommand, { kind: 'approve-plan' | 'reject-plan' }>;

/** Records who may do what, or what is stopped. Without a key it is another wish at every head of the ledger. */
export async function recordAuthority(
  door: Door,
  caller: Caller,
  { command, idemKey }: { readonly command: Recordable; readonly idemKey?: IdemKey },
): Promise<RecordResult> {
  requireOperator(caller, 'say who may do what');
  const { head } = await door.moment();
  const key = idemKey ?? IdemKey.parse(`${command.kind}-after-${head.seq}`);
  const passed = await door.pass(caller, command, {
    key,
    tenant: undefined,
    ...reasoned(command.kind, command),
  });
  const snapshot = snapshotOf(passed.moment);
  if (passed.kind === 'refused') {
    const refusal = refusalView(passed.decision.refusal, undefined, zoneAt(passed.moment.state));
    return { snapshot, decision: 'rejected', replayed: false, refusal };
  }
  const { decision, seq, digest } = passed.entry;
  if (decision.kind !== 'authority-recorded') throw new Error(`entry ${seq} records nothing about authority`);
  const { what, id, state } = decision;
  const replayed = passed.kind === 'replayed';
  return { snapshot, decision: 'recorded', replayed, what, id, state, entry: { seq, digest } };
}

/** Everybody and everything that can act, as it stands now. */
export async function authorityView(door: Door, caller: Caller): Promise<AuthorityView> {
  requireOperator(caller, 'see who may do what');
  const moment = await door.moment();
  const { authority } = moment.state;
  const iso = (atMs: number) => isoIn(atMs, zoneAt(moment.state));
  const keys = [...authority.keys].map(([publicKey, { principal, sinceMs, revokedAtMs }]) => {
    const revoked = revokedAtMs === undefined ? {} : { revoked: iso(revokedAtMs) };
    return { principal, publicKey, since: iso(sinceMs), ...revoked };
  });
  return {
    snapshot: snapshotOf(moment),
    isClosed: authority.isClosed,
    teams: sorted(authority.teams.values()),
    principals: sorted(authority.principals.values()).map((principal) => {
      const keyCount = keys.filter(
        (key) => key.principal === principal.id && key.revoked === undefined,
      ).length;
      return { principal, roles: [...rolesOf(authority, principal)], keyCount };
    }),
    keys,
    mandates: [...authority.mandates.values()].map((record) =>
      mandateView(moment.state, record, moment.nowMs),
    ),
    stops: await Promise.all(
      [...authority.stops.values()].map(async ({ target, reason, sinceMs, by }) => {
        return { target, reason: await saidIn(door.ledger, reason), since: iso(sinceMs), by };
      }),
    ),
    models: [...authority.models.values()].toSorted((a, b) => compareText(a.name, b.name)),
    catalogues: [...authority.catalogues.values()],
  };
}

function sorted<T extends { readonly id: string }>(items: Iterable<T>): T[] {
  return [...items].toSorted((a, b) => compareText(a.id, b.id));
}

function mandateView(state: State, record: MandateRecord, nowMs: number): MandateView {
  const { mandate, grantedBy, grantedAtMs, reservations, settled } = record;
  const standing = [...reservations.values()].filter(({ endMs }) => endMs === undefined || endMs > nowMs);
  const all = [...reservations.values()];
  const zone = zoneAt(state);
  return {
    mandate,
    state: mandateState(state, record, nowMs),
    expires: isoIn(mandate.expiresAtMs, zone),
    grantedBy,
    grantedAt: isoIn(grantedAtMs, zone),
    gpusHeld: standing.reduce((sum, { gpus }) => sum + gpus, 0),
    gpuSecondsUsed: all.reduce((sum, { gpuSeconds = 0 }) => sum + gpuSeconds, settled.gpuSeconds),
    spentMicroEur: all.reduce((sum, { spendMicroEur = 0 }) => sum + spendMicroEur, settled.spendMicroEur),
    contracts: standing.map(({ contract }) => contract),
  };
}

/** A mandate ends with any one that it is part of. */
function mandateState({ authority }: State, { mandate }: MandateRecord, nowMs: number): MandateView['state'] {
  const chain = chainOf(authority, mandate.id);
  if (chain.some(({ revokedAtMs }) => revokedAtMs !== undefined)) return 'revoked';
  return chain.some((record) => record.mandate.expiresAtMs <= nowMs) ? 'expired' : 'standing';
}

function zoneAt({ fleet }: State): string {
  return fleet.sites[0]?.facts.zone ?? 'UTC';
}
