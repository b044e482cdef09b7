import type { State } from '../../core/state.ts';
import type { Claim } from './claims.ts';
import { beyondFeeds } from './sweep-feeds.ts';
import { gpusDivided } from './sweep-gpus.ts';

/**
 * What is wrong with everything that is promised, found by sums of its own at the instants at which something
 * begins: shares no code with the search, the auditor or the calendar.
 */
export function* sweep(state: State, claims: readonly Claim[]): Generator<string> {
  const byNode = Map.groupBy(claims, ({ node }) => node);
  for (const [node, own] of byNode) {
    yield* promisedTwice(node, own);
    yield* beyondNode(state, node, own);
    yield* gpusDivided(node, own);
  }
  yield* beyondPower(state, claims);
  yield* beyondFeeds(state, claims);
  yield* notAlone(claims);
}

function* promisedTwice(node: string, claims: readonly Claim[]): Generator<string> {
  for (const [at, one] of claims.entries())
    for (const other of claims.slice(at + 1)) {
      if (!overlap(one, other)) continue;
      if (one.tenant === undefined || other.tenant === undefined)
        yield `${node}: ${one.holder} and ${other.holder} while it is closed`;
      const device = one.devices.find((name) => other.devices.includes(name));
      if (device !== undefined) yield `${node}/${device}: ${one.holder} and ${other.holder}`;
    }
}

const amounts = ['cpuMilli', 'memoryMib', 'storageGib'] as const;

function* beyondNode({ fleet }: State, id: string, claims: readonly Claim[]): Generator<string> {
  const node = fleet.nodes.find((known) => known.id === id);
  if (node === undefined) return;
  for (const amount of amounts) {
    const most = node.shape[amount];
    if (most !== undefined) yield* beyond(`${id} ${amount}`, claims, amount, most);
  }
}

function* beyondPower({ fleet }: State, claims: readonly Claim[]): Generator<string> {
  const inside = (place: string) => claims.filter(({ node }) => node.startsWith(`${place}/`));
  for (const [id, { powerBudgetW }] of fleet.halls)
    if (powerBudgetW !== undefined) yield* beyond(`${id} W`, inside(id), 'powerW', powerBudgetW);
  for (const { id, facts } of fleet.sites)
    if (facts.powerBudgetW !== undefined) yield* beyond(`${id} W`, inside(id), 'powerW', facts.powerBudgetW);
}

/** A sum is highest where something begins. */
function* beyond(
  what: string,
  claims: readonly Claim[],
  amount: (typeof amounts)[number] | 'powerW',
  most: number,
): Generator<string> {
  for (const { startMs } of claims) {
    let held = 0;
    for (const claim of claims) if (claim.startMs <= startMs && startMs < claim.endMs) held += claim[amount];
    if (held > most) {
      yield `${what}: ${held} of ${most} at ${startMs}`;
      return;
    }
  }
}

function* notAlone(claims: readonly Claim[]): Generator<string> {
  for (const one of claims) {
    if (one.alone === 'shared') continue;
    const place = placeOf(one.node, one.alone);
    for (const other of claims) {
      const stranger = other.tenant !== undefined && other.tenant !== one.tenant;
      if (stranger && `${other.node}/`.startsWith(`${place}/`) && overlap(one, other))
        yield `${place}: ${one.holder} is to be alone, ${other.holder} is there`;
    }
  }
}

/** Walk fleets have racks directly above their nodes, so a place is the beginning of a path. */
function placeOf(node: string, level: string): string {
  if (level === 'site') return node.slice(0, node.indexOf('/'));
  return level === 'rack' ? node.slice(0, node.lastIndexOf('/')) : node;
}

function overlap(a: Claim, b: Claim): boolean {
  return a.startMs < b.endMs && b.startMs < a.endMs;
}
