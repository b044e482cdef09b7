import type { Demand } from '../model/demand.ts';
import type { Placement } from '../model/placement.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { cleanText, compareText } from '../model/text.ts';
import { type AuditRule, auditOf } from './check/audit.ts';
import { bandwidthHeld } from './check/bandwidth.ts';
import { nodeCapacity, shares } from './check/capacity.ts';
import { nodesOpen } from './check/closed.ts';
import { devicesHealthy, devicesListed, devicesOnce } from './check/devices.ts';
import { gangWhole } from './check/gang.ts';
import { hardware } from './check/hardware.ts';
import { aligned } from './check/locality.ts';
import { neighbours } from './check/neighbours.ts';
import { chosenNics } from './check/nics.ts';
import { kept, whereAllowed } from './check/places.ts';
import { power, powerCap } from './check/power.ts';
import { sitesAllowed, tenantKnown } from './check/sites.ts';
import { slicesApart, slicesLegal, slicesListed } from './check/slices.ts';
import { supported } from './check/support.ts';
import { survival } from './check/survival.ts';
import { dataThere } from './check/transfers.ts';
import { inWindow } from './check/window.ts';
import type { Violation } from './given.ts';
import type { State } from './state.ts';

const rules: readonly AuditRule[] = [
  supported,
  tenantKnown,
  gangWhole,
  inWindow,
  devicesListed,
  devicesOnce,
  devicesHealthy,
  nodesOpen,
  slicesListed,
  slicesLegal,
  slicesApart,
  hardware,
  chosenNics,
  aligned,
  shares,
  nodeCapacity,
  power,
  powerCap,
  whereAllowed,
  kept,
  survival,
  sitesAllowed,
  dataThere,
  bandwidthHeld,
  neighbours,
];

/**
 * The independent auditor of every grant: everything that a placement would break if it were promised now, in
 * the order of constraint and note; nothing when it keeps every promise. Shares no code with the search,
 * so that a planner may be clever, or untrusted. `state` must not yet hold the placement.
 */
export function check(
  state: State,
  demand: Demand,
  verdict: PolicyVerdict,
  placement: Placement,
): readonly Violation[] {
  const audit = auditOf(state, demand, verdict, placement);
  const found: Violation[] = [];
  for (const rule of rules) for (const violation of rule(audit)) found.push(violation);
  return found
    .map(({ constraint, note }) => ({ constraint, note: cleanText(note, 300) }))
    .toSorted((a, b) => compareText(a.constraint, b.constraint) || compareText(a.note, b.note));
}
