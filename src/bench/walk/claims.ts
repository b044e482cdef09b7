import type { State } from '../../core/state.ts';
import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import { type HeldSlice, type Placement, seatsOf } from '../../model/placement.ts';

/** What one holder has of one node for a time, read from contracts, leases and windows, not from the calendar. */
export type Claim = {
  readonly holder: string;
  /** Nobody's for maintenance, which takes the whole node. */
  readonly tenant: string | undefined;
  readonly alone: string;
  readonly node: string;
  readonly startMs: number;
  readonly endMs: number;
  /** `gpu3`, `nic0` */
  readonly devices: readonly string[];
  readonly slices: readonly HeldSlice[];
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly storageGib: number;
  readonly powerW: number;
};

/** Everything that stands at `nowMs` or later, and what has stood since `sinceMs`. */
export function claimsOf(state: State, nowMs: number, sinceMs: number): readonly Claim[] {
  const claims: Claim[] = [];
  for (const contract of state.contracts) {
    const own = contractClaims(contract);
    if (own.lastEndMs <= sinceMs) continue;
    for (const claim of own.claims) if (claim.endMs > sinceMs) claims.push(claim);
  }
  for (const { plan, tenant, demand, held, placement: all, untilMs } of state.leases.values())
    if (untilMs > nowMs)
      for (const placement of held ?? [all])
        claims.push(...placed({ holder: plan, tenant, demand, placement, cutMs: Infinity }));
  for (const { id, place, fromMs, toMs, cancelledAtMs = Infinity } of state.maintenance.values()) {
    const endMs = Math.min(toMs, cancelledAtMs);
    if (endMs <= sinceMs || endMs <= fromMs) continue;
    for (const node of state.fleet.nodes)
      if (`${node.id}/`.startsWith(`${place}/`)) claims.push(closed(id, node.id, fromMs, endMs));
  }
  return claims;
}

type Own = { readonly claims: readonly Claim[]; readonly lastEndMs: number };

const known = new WeakMap<Contract, Own>();

/** What a contract has held and holds: each placement until the change, release or preemption that ended it. */
export function contractClaims(contract: Contract): Own {
  const before = known.get(contract);
  if (before !== undefined) return before;
  const { id, tenant, releasedAtMs = Infinity, preemptedAtMs = Infinity } = contract;
  const versions = [...(contract.earlier ?? []), { ...contract, untilMs: Infinity }];
  const claims = versions.flatMap(({ demand, placement }, at) => {
    const changes = versions.slice(at).map(({ untilMs }) => untilMs);
    return placed({
      holder: id,
      tenant,
      demand,
      placement,
      cutMs: Math.min(releasedAtMs, preemptedAtMs, ...changes),
    });
  });
  const own = { claims, lastEndMs: Math.max(0, ...claims.map(({ endMs }) => endMs)) };
  known.set(contract, own);
  return own;
}

type Held = {
  readonly holder: string;
  readonly tenant: string;
  readonly demand: Demand;
  readonly placement: Placement;
  readonly cutMs: number;
};

function placed({ holder, tenant, demand, placement, cutMs }: Held): Claim[] {
  const { startMs, endMs = Infinity } = placement;
  const untilMs = Math.min(endMs, cutMs);
  if (untilMs <= startMs) return [];
  return seatsOf(placement).map((member) => ({
    holder,
    tenant,
    alone: demand.isolation ?? 'shared',
    node: member.node,
    startMs,
    endMs: untilMs,
    devices: [...member.gpus.map((gpu) => `gpu${gpu}`), ...member.nics.map((nic) => `nic${nic}`)],
    slices: member.slices ?? [],
    cpuMilli: member.cpuMilli,
    memoryMib: member.memoryMib,
    storageGib: member.storageGib ?? 0,
    powerW: member.powerW,
  }));
}

function closed(holder: string, node: string, startMs: number, endMs: number): Claim {
  const nothing = { devices: [], slices: [], cpuMilli: 0, memoryMib: 0, storageGib: 0, powerW: 0 };
  return { holder, tenant: undefined, alone: 'shared', node, startMs, endMs, ...nothing };
}
