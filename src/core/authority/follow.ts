import type { Actor } from '../../model/actor.ts';
import type { AuthorityEvent } from '../../model/authority-event.ts';
import { digestOf } from '../../model/canonical.ts';
import type { ApprovalId, ContractId, MandateId } from '../../model/id.ts';
import {
  type Approval,
  approvalOf,
  type Authority,
  chainOf,
  type MandateRecord,
  openApprovals,
  type Reservation,
  stopKey,
} from './authority.ts';
import { sameRequestMs } from './pace.ts';
import { adminsOf } from './people.ts';

type Stamp = { readonly seq: number; readonly atMs: number; readonly actor: Actor };

/** The only way authority changes. Throws when the event cannot follow: then the ledger is not what it claims. */
export function followAuthority(authority: Authority, event: AuthorityEvent, stamp: Stamp): Authority {
  const digest = digestOf([authority.digest ?? null, event]);
  return { ...changed(authority, event, stamp), digest };
}

function changed(authority: Authority, event: AuthorityEvent, stamp: Stamp): Authority {
  switch (event.kind) {
    case 'team-registered':
      return closing({ ...authority, teams: new Map(authority.teams).set(event.team.id, event.team) });
    case 'principal-registered': {
      const principals = new Map(authority.principals).set(event.principal.id, event.principal);
      return closing({ ...authority, principals });
    }
    case 'key-registered': {
      const key = { principal: event.principal, by: stamp.actor.principal, sinceMs: stamp.atMs };
      return { ...authority, keys: new Map(authority.keys).set(event.publicKey, key) };
    }
    case 'key-revoked':
      return revokeKey(authority, event, stamp);
    case 'mandate-granted':
    case 'mandate-revoked':
    case 'mandate-used':
    case 'mandate-reserved':
    case 'mandate-freed':
      return followMandate(authority, event, stamp);
    case 'approval-requested':
    case 'approval-given':
    case 'approval-used':
    case 'approval-rejected':
      return followApproval(authority, event, stamp);
    case 'stopped': {
      const { target, reason } = event;
      const stop = { target, reason, sinceMs: stamp.atMs, by: stamp.actor.principal };
      return { ...authority, stops: new Map(authority.stops).set(stopKey(target), stop) };
    }
    case 'resumed': {
      const stops = new Map(authority.stops);
      stops.delete(stopKey(event.target));
      return { ...authority, stops };
    }
    case 'model-registered':
      return { ...authority, models: new Map(authority.models).set(event.model.name, event.model) };
    case 'tools-registered': {
      const { catalogue } = event;
      return { ...authority, catalogues: new Map(authority.catalogues).set(catalogue.digest, catalogue) };
    }
    default:
      return event satisfies never;
  }
}

function closing(authority: Authority): Authority {
  return { ...authority, isClosed: authority.isClosed || adminsOf(authority).length > 0 };
}

type Of<Kind extends AuthorityEvent['kind']> = Extract<AuthorityEvent, { kind: Kind }>;

function revokeKey(authority: Authority, { publicKey }: Of<'key-revoked'>, { atMs }: Stamp): Authority {
  const key = authority.keys.get(publicKey);
  if (key === undefined) throw new Error(`the key \`${publicKey}\` was never registered`);
  return { ...authority, keys: new Map(authority.keys).set(publicKey, { ...key, revokedAtMs: atMs }) };
}

type MandateEvent = Of<
  'mandate-granted' | 'mandate-revoked' | 'mandate-used' | 'mandate-reserved' | 'mandate-freed'
>;

function followMandate(authority: Authority, event: MandateEvent, stamp: Stamp): Authority {
  switch (event.kind) {
    case 'mandate-granted': {
      const record: MandateRecord = {
        mandate: event.mandate,
        grantedBy: stamp.actor.principal,
        grantedAtMs: stamp.atMs,
        reservations: new Map(),
        settled: { gpuSeconds: 0, spendMicroEur: 0 },
        uses: [],
      };
      return withMandates(authority, [record]);
    }
    case 'mandate-revoked':
      return withMandates(authority, [{ ...mandateOf(authority, event.mandate), revokedAtMs: stamp.atMs }]);
    case 'mandate-used': {
      const record = mandateOf(authority, event.mandate);
      const recent = record.uses.filter(({ atMs }) => atMs > stamp.atMs - sameRequestMs);
      return withMandates(authority, [
        { ...record, uses: [...recent, { atMs: stamp.atMs, request: event.request }] },
      ]);
    }
    case 'mandate-reserved': {
      const { kind: _kind, mandate, ...reservation } = event;
      return withMandates(
        authority,
        chainOf(authority, mandate).map((record) => reserved(record, reservation, stamp.atMs)),
      );
    }
    case 'mandate-freed':
      return withMandates(
        authority,
        chainOf(authority, event.mandate).map((record) => freed(record, event)),
      );
    default:
      return event satisfies never;
  }
}

function mandateOf({ mandates }: Authority, id: MandateId): MandateRecord {
  const record = mandates.get(id);
  if (record === undefined) throw new Error(`the mandate \`${id}\` was never granted`);
  return record;
}

function withMandates(authority: Authority, records: readonly MandateRecord[]): Authority {
  const mandates = new Map(authority.mandates);
  for (const record of records) mandates.set(record.mandate.id, record);
  return { ...authority, mandates };
}

/** With one more reservation, or another one for the same contract. What has ended by the clock is settled. */
function reserved(record: MandateRecord, reservation: Reservation, atMs: number): MandateRecord {
  const reservations = new Map(record.reservations);
  let { gpuSeconds, spendMicroEur } = record.settled;
  for (const [contract, { endMs, ...held }] of record.reservations) {
    if (endMs === undefined || endMs > atMs || contract === reservation.contract) continue;
    reservations.delete(contract);
    gpuSeconds += held.gpuSeconds ?? 0;
    spendMicroEur += held.spendMicroEur ?? 0;
  }
  reservations.set(reservation.contract, reservation);
  return { ...record, reservations, settled: { gpuSeconds, spendMicroEur } };
}

function freed(
  record: MandateRecord,
  { contract, gpuSeconds, spendMicroEur }: Of<'mandate-freed'>,
): MandateRecord {
  const reservations = new Map(record.reservations);
  if (!reservations.delete(contract))
    throw new Error(`\`${contract}\` holds nothing of the mandate \`${record.mandate.id}\``);
  const settled = {
    gpuSeconds: record.settled.gpuSeconds + gpuSeconds,
    spendMicroEur: record.settled.spendMicroEur + spendMicroEur,
  };
  return { ...record, reservations, settled };
}

type ApprovalEvent = Of<'approval-requested' | 'approval-given' | 'approval-used' | 'approval-rejected'>;

function followApproval(authority: Authority, event: ApprovalEvent, stamp: Stamp): Authority {
  switch (event.kind) {
    case 'approval-requested': {
      const { kind: _kind, approval: id, ...asked } = event;
      const open = openApprovals(authority, stamp.atMs).map((approval) => approval.id);
      const approval: Approval = {
        id,
        ...asked,
        requestedBy: stamp.actor,
        requestedAtMs: stamp.atMs,
        requestedSeq: stamp.seq,
        voices: [],
      };
      return withApproval({ ...authority, waiting: [...open, id] }, approval);
    }
    case 'approval-given': {
      const before = knownApproval(authority, event.approval);
      const voice = { principal: event.by, atMs: stamp.atMs, signedAtMs: event.signedAtMs };
      return withApproval(authority, { ...before, voices: [...before.voices, voice] });
    }
    case 'approval-used':
      return ended(authority, event.approval, {
        kind: 'used',
        atMs: stamp.atMs,
        seq: stamp.seq,
        ...contractIn(event),
      });
    case 'approval-rejected':
      return ended(authority, event.approval, {
        kind: 'rejected',
        atMs: stamp.atMs,
        by: event.by,
        reason: event.reason,
      });
    default:
      return event satisfies never;
  }
}

function contractIn({ contract }: { contract?: ContractId | undefined }): { contract?: ContractId } {
  return contract === undefined ? {} : { contract };
}

function ended(authority: Authority, id: ApprovalId, end: NonNullable<Approval['end']>): Authority {
  const before = knownApproval(authority, id);
  if (before.end !== undefined) throw new Error(`the approval \`${id}\` was ended before`);
  return withApproval(
    { ...authority, waiting: authority.waiting.filter((other) => other !== id) },
    { ...before, end },
  );
}

function knownApproval(authority: Authority, id: ApprovalId): Approval {
  const approval = approvalOf(authority, id);
  if (approval === undefined) throw new Error(`the approval \`${id}\` was never asked for`);
  return approval;
}

function withApproval(authority: Authority, approval: Approval): Authority {
  const at = Number(approval.id.slice('A-'.length)) - 1;
  return { ...authority, approvals: authority.approvals.with(at, approval) };
}
