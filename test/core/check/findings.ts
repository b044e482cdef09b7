import { check } from '../../../src/core/check.ts';
import { type Audit, auditOf, type AuditRule } from '../../../src/core/check/audit.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Placement } from '../../../src/model/placement.ts';
import type { PolicyVerdict } from '../../../src/model/policy.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

/** Everything that the auditor has against a placement, to the last word. */
export function findings(
  on: World,
  wish: Demand,
  held: Placement,
  verdict: PolicyVerdict = verdictAll(on.state, 'allowed'),
): readonly string[] {
  return check(on.state, wish, verdict, held).map(({ constraint, note }) => `${constraint}: ${note}`);
}

/** The rules that a placement breaks, each once and in order. */
export function brokenRules(
  on: World,
  wish: Demand,
  held: Placement,
  verdict?: PolicyVerdict,
): readonly string[] {
  const found = findings(on, wish, held, verdict).map((line) => line.split(':', 1).join());
  return [...new Set(found)];
}

/** A placement as one rule of the auditor sees it. */
export function auditFor({ state }: World, wish: Demand, held: Placement): Audit {
  return auditOf(state, wish, verdictAll(state, 'allowed'), held);
}

/** What one rule alone says, in the order in which it says so. */
export function saidBy(rule: AuditRule, on: World, wish: Demand, held: Placement): readonly string[] {
  return [...rule(auditFor(on, wish, held))].map(({ constraint, note }) => `${constraint}: ${note}`);
}

/** Mbit/s on edges, added to a placement: `rdma fra1/leaf-r1 500`. */
export function withEdges(held: Placement, ...lines: readonly string[]): Placement {
  const bandwidth = lines.map((line) => {
    const [fabric, edge, mbps] = line.split(' ');
    return { fabric, edge, mbps: Number(mbps) };
  });
  return Placement.parse({ ...held, bandwidth });
}

/** The same from `fromH` to `toH` hours after `t0`. */
export function during(held: Placement, fromH: number, toH: number): Placement {
  return { ...held, startMs: t0 + fromH * hourMs, endMs: t0 + toH * hourMs };
}

/** Somebody else's members, without a question asked, from one hour to another. */
export function heldByOthers(
  before: World,
  [fromH, toH]: readonly [number, number],
  ...lines: readonly string[]
): World {
  const held = during(placement(1, ...lines), fromH, toH);
  return granted(before, demand('1×cpu1', { tenant: 'globex' }), held);
}

/** As `n01` of the one rack that most of these fleets have. */
export const node = 'fra1/h1/r1/n01';
