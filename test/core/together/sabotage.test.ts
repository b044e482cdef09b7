import { assert, nat, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { type Demand, guaranteedCount } from '../../../src/model/demand.ts';
import { Path } from '../../../src/model/id.ts';
import { type HeldSlice, type Member, type Placement } from '../../../src/model/placement.ts';
import { ask } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { verdictAll, world, type World } from '../fleet.ts';
import { demands } from './demands.ts';
import { fleets } from './fleets.ts';
import { live, lives } from './life.ts';

/** A placement spoilt in one way; nothing where it has nothing to spoil so. `pick` chooses among its members. */
type Spoiling = (held: Placement, pick: number, about: About) => Placement | undefined;
type About = { readonly demand: Demand; readonly world: World };

function withMember(held: Placement, at: number, changed: Partial<Member>): Placement {
  const members = held.members.map((member, index) => (index === at ? { ...member, ...changed } : member));
  return { ...held, members };
}

/** Spoils one of the members to which something applies. */
function ofMember(spoil: (member: Member, about: About) => Partial<Member> | undefined): Spoiling {
  return (held, pick, about) => {
    const able = held.members.flatMap((member, at) => {
      const changed = spoil(member, about);
      return changed === undefined ? [] : [{ at, changed }];
    });
    const found = able[pick % Math.max(1, able.length)];
    return found === undefined ? undefined : withMember(held, found.at, found.changed);
  };
}

function partOf({ demand }: About, { part: name }: Member): Demand['parts'][number] | undefined {
  return demand.parts.find((part) => part.name === name);
}

function shapeOf({ world: { state } }: About, { node }: Member) {
  return state.fleet.nodeById.get(node)?.shape;
}

/** Every way breaks something that was asked for, or that a placement is. */
const spoilings: Readonly<Record<string, Spoiling>> = {
  'a guaranteed replica is missing': ({ members, ...held }, pick, { demand }) => {
    const firm = members.filter(({ part, replica }) => {
      const own = demand.parts.find(({ name }) => name === part);
      return own !== undefined && replica < guaranteedCount(own);
    });
    const gone = firm[pick % Math.max(1, firm.length)];
    if (gone === undefined || members.length < 2) return undefined;
    return { ...held, members: members.filter((member) => member !== gone) };
  },
  'a replica is there twice': (held, pick) => {
    const again = held.members[pick % held.members.length];
    return again === undefined ? undefined : { ...held, members: [...held.members, again] };
  },
  'a replica of no part': ofMember(() => ({ part: 'nobody' })),
  'a number beyond those asked for': ofMember((member, about) => {
    const count = partOf(about, member)?.count;
    return count === undefined ? undefined : { replica: count };
  }),
  'a node that is not there': ofMember(() => ({ node: Path.parse('fra1/h1/r1/n99') })),
  'a GPU too few': ofMember(({ gpus }) => (gpus.length === 0 ? undefined : { gpus: gpus.slice(1) })),
  'a GPU too many': ofMember((member, about) => {
    const all = shapeOf(about, member)?.gpus.length ?? 0;
    return member.gpus.length === 0 || member.gpus.length === all || member.gpus.includes(all - 1)
      ? undefined
      : { gpus: [...member.gpus, all - 1] };
  }),
  'a GPU that the node has not': ofMember((member, about) => {
    const all = shapeOf(about, member)?.gpus.length ?? 0;
    return member.gpus.length === 0 ? undefined : { gpus: [...member.gpus.slice(0, -1), all] };
  }),
  'GPUs out of order': ofMember(({ gpus }) => (gpus.length < 2 ? undefined : { gpus: gpus.toReversed() })),
  'a slice too few': ofMember(({ slices = [] }) =>
    slices.length === 0 ? undefined : { slices: slices.slice(1) },
  ),
  'another slice': ofMember(({ slices = [] }) => {
    const [first, ...others] = slices;
    return first === undefined ? undefined : { slices: [otherThan(first), ...others] };
  }),
  'a whole GPU beside slices': ofMember(({ slices = [], gpus }) => {
    const [first] = slices;
    return first === undefined || gpus.length > 0 ? undefined : { gpus: [first.gpu] };
  }),
  'a NIC too few': ofMember(({ nics }) => (nics.length === 0 ? undefined : { nics: nics.slice(1) })),
  'a NIC that nobody asked for': ofMember((member, about) => {
    const isAsked = partOf(about, member)?.each.rdma !== undefined;
    return isAsked || (shapeOf(about, member)?.nics.length ?? 0) === 0 ? undefined : { nics: [0] };
  }),
  'a core too many': ofMember(({ cpuMilli }) => ({ cpuMilli: cpuMilli + 1 })),
  'a core too few': ofMember(({ cpuMilli }) => (cpuMilli === 0 ? undefined : { cpuMilli: cpuMilli - 1 })),
  'memory too much': ofMember(({ memoryMib }) => ({ memoryMib: memoryMib + 1 })),
  'memory too little': ofMember(({ memoryMib }) =>
    memoryMib === 0 ? undefined : { memoryMib: memoryMib - 1 },
  ),
  'storage too much': ofMember(({ storageGib = 0 }) => ({ storageGib: storageGib + 1 })),
  'a watt too few': ofMember(({ powerW }) => (powerW === 0 ? undefined : { powerW: powerW - 1 })),
  'more watts than anything carries': (held, pick, about) =>
    about.demand.powerCapW === undefined
      ? undefined
      : ofMember(() => ({ powerW: (about.demand.powerCapW ?? 0) + 1 }))(held, pick, about),
  'too early': ({ startMs, ...held }, _, { demand: { window } }) =>
    startMs === window.earliestStartMs ? { ...held, startMs: startMs - 1 } : undefined,
  'too short': ({ endMs, ...held }) => (endMs === undefined ? undefined : { ...held, endMs: endMs - 1 }),
  'too long': ({ endMs, ...held }) => (endMs === undefined ? undefined : { ...held, endMs: endMs + 1 }),
  'with an end that was not asked for': ({ endMs, ...held }) =>
    endMs === undefined ? { ...held, endMs: held.startMs + 1 } : undefined,
  'bandwidth too little': ({ bandwidth = [], ...held }) => {
    const [first, ...others] = bandwidth;
    return first === undefined
      ? undefined
      : { ...held, bandwidth: [{ ...first, mbps: first.mbps - 1 }, ...others] };
  },
  'bandwidth for nothing': (held) =>
    held.bandwidth !== undefined
      ? undefined
      : { ...held, bandwidth: [{ fabric: 'rdma', edge: Path.parse('fra1/leaf-r1'), mbps: 1 }] },
  'bandwidth left out': ({ bandwidth, ...held }) => (bandwidth === undefined ? undefined : held),
  'a spare too few': ({ spares = [], ...held }) =>
    spares.length === 0
      ? undefined
      : { ...held, ...(spares.length === 1 ? {} : { spares: spares.slice(0, -1) }) },
  'a spare that nobody asked for': ({ spares, ...held }, pick, { demand }) => {
    const first = held.members[pick % held.members.length];
    if (spares !== undefined || demand.survive !== undefined || first === undefined) return undefined;
    return {
      ...held,
      spares: [{ ...first, replica: demand.parts.find(({ name }) => name === first.part)?.count ?? 0 }],
    };
  },
};

function otherThan(slice: HeldSlice): HeldSlice {
  return slice.kind === 'share'
    ? { ...slice, milli: slice.milli === 1 ? 2 : slice.milli - 1 }
    : { kind: 'share', gpu: slice.gpu, milli: 1 };
}

const scenes = tuple(fleets, lives).map(([fleet, todo]) => live(world(...fleet), todo, () => {}));

describe('the auditor of what the search found, spoilt in one way', { timeout: 480_000 }, () => {
  test('finds something wrong, whatever was asked for', () => {
    const spoilt = new Map(Object.keys(spoilings).map((name) => [name, 0]));
    assert(
      property(scenes, demands, demands, nat(), ({ world: now }, one, two, pick) => {
        for (const demand of [one, two]) {
          const answer = ask(now, demand);
          if (answer.kind === 'refused') continue;
          const { placement, preempts } = answer.plan;
          if (preempts !== undefined) continue;
          const rules = verdictAll(now.state, 'allowed');
          expect(check(now.state, demand, rules, placement)).toEqual([]);
          for (const [name, spoil] of Object.entries(spoilings)) {
            const wrong = spoil(placement, pick, { demand, world: now });
            if (wrong === undefined) continue;
            spoilt.set(name, (spoilt.get(name) ?? 0) + 1);
            expect([name, check(now.state, demand, rules, wrong).length > 0]).toEqual([name, true]);
          }
        }
      }),
      { seed, numRuns: 120 },
    );
    expect([...spoilt].filter(([, count]) => count === 0)).toEqual([]);
  });
});
