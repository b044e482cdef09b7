import type { Demand } from '../../model/demand.ts';
import { type Path, siteOf } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken, type Seat } from './audit.ts';

/** What flows between the parts at two sites: all of it over one link, within the tightest latency that a flow asks for. */
type Between = { readonly mbps: number; readonly withinMs: number };

/**
 * Between any two sites that flows join, one recorded WAN link holds just what they come to, and is as near as they ask
 * for; no other link holds anything. Where they ask for nearness alone, some link is as near.
 */
export function* onWan({ state, demand, placement, seats }: Audit): Generator<Violation> {
  const held = new Map(
    (placement.bandwidth ?? []).flatMap(({ fabric, edge, mbps }) =>
      fabric === 'wan' ? [[edge, mbps] as const] : [],
    ),
  );
  for (const [pair, { mbps, withinMs }] of flowingBetween(demand, seats)) {
    const links = [...state.fleet.wanLinks].filter(([, { from, to }]) => pairOf(from, to) === pair);
    const near = links.filter(
      ([, { latencyMs = Infinity }]) => withinMs === Infinity || latencyMs <= withinMs,
    );
    const holding = links.filter(([id]) => held.has(id));
    for (const [id] of holding) {
      if (!near.some(([other]) => other === id))
        yield broken('latency', `wan ${id}: is not known to be within ${withinMs} ms`);
      if (held.get(id) !== mbps)
        yield broken('bandwidth', `wan ${id}: holds ${held.get(id)} Mbit/s, ${mbps} are due`);
      held.delete(id);
    }
    if (holding.length !== (mbps > 0 ? 1 : 0))
      yield broken('bandwidth', `${holding.length} WAN links are held for ${mbps} Mbit/s between ${pair}`);
    if (mbps === 0 && withinMs < Infinity && near.length === 0)
      yield broken('latency', `no WAN link between ${pair} is known to be within ${withinMs} ms`);
  }
  for (const [id, mbps] of held) yield broken('bandwidth', `wan ${id}: holds ${mbps} Mbit/s, 0 are due`);
}

function flowingBetween({ flows = [] }: Demand, seats: readonly Seat[]): ReadonlyMap<string, Between> {
  const pairs = new Map<string, Between>();
  for (const { from, to, mbps, latencyMs = Infinity } of flows) {
    const pair = pairOf(nodeOf(seats, from), nodeOf(seats, to));
    if (pair === undefined) continue;
    const known = pairs.get(pair) ?? { mbps: 0, withinMs: Infinity };
    pairs.set(pair, { mbps: known.mbps + mbps, withinMs: Math.min(known.withinMs, latencyMs) });
  }
  return pairs;
}

/** A node of a part; its members are all at one site. The dataset stands on no node. */
function nodeOf(seats: readonly Seat[], name: string): Path | undefined {
  return name === 'dataset' ? undefined : seats.find(({ member }) => member.part === name)?.node.id;
}

/** Two different sites in words, whichever comes first; nothing for one, or where one is not known. */
function pairOf(one: Path | undefined, other: Path | undefined): string | undefined {
  if (one === undefined || other === undefined) return undefined;
  const [a, b] = [siteOf(one), siteOf(other)].toSorted(compareText);
  return a === b ? undefined : `${a} and ${b}`;
}
