import type { FleetNode, FleetSite } from '../../../src/core/inventory/fleet.ts';
import { hardestFirst, type Want } from '../../../src/core/place/want.ts';
import { combinations } from '../../../src/core/place/want.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Path } from '../../../src/model/id.ts';
import type { World } from '../fleet.ts';

type Held = Pick<World, 'state'>;

/** A node that a test knows to be there. */
export function nodeAt({ state }: Held, id: string): FleetNode {
  return there(state.fleet.nodeById.get(Path.parse(id)), id);
}

/** Some nodes by the tails of their paths: `r1/n01`. */
export function nodesAt({ state }: Held, ...tails: readonly string[]): readonly FleetNode[] {
  return tails.map((tail) =>
    there(
      state.fleet.nodes.find(({ id }) => id.endsWith(`/${tail}`)),
      tail,
    ),
  );
}

export function siteAt({ state }: Held, id: string): FleetSite {
  return there(
    state.fleet.sites.find((site) => site.id === id),
    id,
  );
}

/** The parts of a demand with the first model that each may run on, in the order in which they are put down. */
export function firstWay({ state }: Held, asked: Demand): readonly Want[] {
  return hardestFirst(there(combinations(asked, state.fleet.models)[0], 'a way'));
}

/** The first part of a demand, with its model. */
export function firstWant(on: Held, asked: Demand): Want {
  return there(firstWay(on, asked)[0], 'a want');
}

export function there<T>(thing: T | undefined, name: string): T {
  if (thing === undefined) throw new Error(`the test has no \`${name}\``);
  return thing;
}
