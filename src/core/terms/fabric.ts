import type { Demand } from '../../model/demand.ts';
import type { HeldBandwidth, Placement, Term } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { Fleet } from '../inventory/fleet.ts';

/** What a contract promises of NICs, of islands across nodes, and of bandwidth on the edges of fabrics. */
export function fabricTerms(fleet: Fleet, demand: Demand, placement: Placement): Term[] {
  return [
    ...island(fleet, demand, placement),
    ...nics(demand),
    ...uplinks(demand, placement),
    ...flows(placement),
    ...wan(fleet, demand, placement),
    ...pools(placement),
    ...transfers(placement),
  ];
}

/** Only where members stand on several nodes: on one it is the link of the node. */
function island({ nodeById }: Fleet, { parts, together }: Demand, { members }: Placement): Term[] {
  const kept = new Set(parts.flatMap(({ name, within }) => (within === 'island' ? [name] : [])));
  const own = together === 'island' ? members : members.filter(({ part }) => kept.has(part));
  const islands = new Set(own.flatMap(({ node }) => nodeById.get(node)?.island ?? []));
  if (islands.size === 0 || new Set(own.map(({ node }) => node)).size < 2) return [];
  return [
    {
      kind: 'accelerator-link',
      promise:
        `all nodes of ${together === 'island' ? 'the gang' : 'a part'} in one accelerator link domain: ${[...islands].join(', ')}`.slice(
          0,
          300,
        ),
      strength: 'guaranteed',
      heldAs: 'devices of nodes that share the domain',
      enforcedBy: 'choice of nodes',
      measuredBy: 'topology in the inventory; link counters once an engine reports',
    },
  ];
}

function nics({ parts }: Demand): Term[] {
  const counts = new Set(
    parts.flatMap(({ each: { rdma, gpus } }) => {
      if (rdma === undefined) return [];
      return gpus === undefined
        ? ['0 replica']
        : [`${rdma.nicsPerGpu ?? 1} ${gpus.slice === undefined ? 'GPU' : 'slice'}`];
    }),
  );
  return [...counts].toSorted(compareText).map((count) => ({
    kind: 'rdma',
    promise: nicPromise(count),
    strength: 'guaranteed',
    heldAs: 'exclusive intervals on the NICs named',
    enforcedBy: 'choice of devices',
    measuredBy: 'topology in the inventory; port counters once an engine reports',
  }));
}

function nicPromise(each: string): string {
  if (each === '0 replica') return 'an RDMA NIC for every replica without GPUs';
  if (each === '1 GPU') return 'an RDMA NIC for every GPU, on its own rail where the rails are known';
  const [count, what] = each.split(' ');
  const many = count === '1' ? 'an RDMA NIC' : `${count} RDMA NICs`;
  return `${many} for every ${what}, its own rail, switch and NUMA node first`;
}

function uplinks({ parts }: Demand, { bandwidth = [] }: Placement): Term[] {
  const held = bandwidth.filter(({ fabric }) => fabric === 'rdma');
  const asked = parts.some(({ each }) => (each.rdma?.uplinkMbps ?? 0) > 0);
  if (held.length > 0)
    return [
      heldTerm(`uplink of ${listed(held)}`, 'Mbit/s on the uplinks of leaf and spine switches', 'port'),
    ];
  if (asked)
    return [
      {
        kind: 'bandwidth',
        promise:
          'every rail of a part with an uplink budget under one leaf switch, so that no uplink is used',
        strength: 'guaranteed',
        heldAs: 'devices under one leaf switch',
        enforcedBy: 'choice of nodes',
        measuredBy: 'topology in the inventory',
      },
    ];
  if (!parts.some(({ each }) => each.rdma !== undefined)) return [];
  return [
    {
      kind: 'bandwidth',
      promise: 'uplinks of leaf switches are shared: no budget was asked for (`uplinkMbps`)',
      strength: 'declared',
      heldAs: 'nothing',
      enforcedBy: 'nothing',
      measuredBy: 'nothing',
    },
  ];
}

function flows({ bandwidth = [] }: Placement): Term[] {
  const held = bandwidth.filter(({ fabric }) => fabric === 'data');
  if (held.length === 0) return [];
  return [heldTerm(`flows on data NICs: ${listed(held)}`, 'Mbit/s on the data NICs of the nodes', 'NIC')];
}

/** Latency is what is recorded of the link: it is kept to in the choice of the link, and nobody holds it there. */
function wan({ wanLinks }: Fleet, { flows: asked = [] }: Demand, { bandwidth = [] }: Placement): Term[] {
  const held = bandwidth.filter(({ fabric }) => fabric === 'wan');
  if (held.length === 0) return [];
  const isNear = asked.some(({ latencyMs }) => latencyMs !== undefined);
  const named = held.map(({ edge }) => `${edge} ${wanLinks.get(edge)?.latencyMs ?? '?'} ms`);
  const near: Term = {
    kind: 'bandwidth',
    promise: `between sites within the latency asked for: ${named.join(', ')}`.slice(0, 300),
    strength: 'declared',
    heldAs: 'choice of the link, by its recorded latency',
    enforcedBy: 'the placement core',
    measuredBy: 'ratings in the inventory',
  };
  return [
    heldTerm(`flows between sites: ${listed(held)}`, 'Mbit/s on the WAN link', 'link'),
    ...(isNear ? [near] : []),
  ];
}

function pools({ bandwidth = [] }: Placement): Term[] {
  const held = bandwidth.filter(({ fabric }) => fabric === 'storage');
  if (held.length === 0) return [];
  return [heldTerm(`throughput of ${listed(held)}`, 'Mbit/s on the storage pool', 'pool')];
}

function transfers({ transfers: moved = [] }: Placement): Term[] {
  return moved.map(({ dataset, from, to, wanLink, mbps }) => ({
    kind: 'bandwidth',
    promise:
      `\`${dataset}\` is moved from ${from} to ${to} before the start, at ${speed(mbps)} over ${wanLink}`.slice(
        0,
        300,
      ),
    strength: 'declared',
    heldAs: 'Mbit/s on the WAN link and the pool until it has arrived; no space at the site',
    enforcedBy: 'the placement core; no engine moves data yet',
    measuredBy: 'link counters once an engine reports',
  }));
}

function heldTerm(promise: string, heldAs: string, counters: string): Term {
  return {
    kind: 'bandwidth',
    promise: promise.slice(0, 300),
    strength: 'guaranteed',
    heldAs: `${heldAs}, in the calendar`,
    enforcedBy: 'the placement core: no later commit can take it; no engine shapes traffic yet',
    measuredBy: `ratings in the inventory; ${counters} counters once an engine reports`,
  };
}

function listed(held: readonly HeldBandwidth[]): string {
  const named = held.slice(0, 4).map(({ edge, mbps }) => `${speed(mbps)} on ${edge}`);
  return [...named, ...(held.length > 4 ? [`and ${held.length - 4} more`] : [])].join(', ');
}

function speed(mbps: number): string {
  return mbps % 1000 === 0 ? `${mbps / 1000} Gbit/s` : `${mbps} Mbit/s`;
}
