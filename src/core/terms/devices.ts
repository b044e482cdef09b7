import { type Demand, guaranteedCount } from '../../model/demand.ts';
import type { Member, Placement, Term } from '../../model/placement.ts';
import { slicesPhrase } from '../../model/slice.ts';
import { cleanText } from '../../model/text.ts';

/** The devices of the members. Spares have their own term; the extras of an elastic demand are only declared. */
export function devices(demand: Demand, placement: Placement): Term[] {
  const preemptible = demand.guarantee === 'preemptible';
  const promised = demand.guarantee === 'elastic' ? guaranteed(demand, placement) : placement.members;
  const kept = new Set(promised);
  const extras = placement.members.filter((member) => !kept.has(member));
  return [
    {
      kind: 'devices',
      promise: `${heldBy(promised)}, ${preemptible ? 'until a guaranteed contract needs them' : 'for this contract alone'}`,
      strength: preemptible ? 'declared' : 'guaranteed',
      heldAs: heldAs(promised),
      enforcedBy: isShared(promised)
        ? 'the placement core: no more than 1000/1000 of a GPU are promised; no engine limits a share yet'
        : 'the placement core: no later commit can take them',
      measuredBy: 'check of every later placement; replay of the ledger',
    },
    ...(extras.length === 0 ? [] : [extrasTerm(demand, extras)]),
  ];
}

/** Whether some of these hold shares of GPUs, which no engine limits yet. */
export function isShared(members: readonly Member[]): boolean {
  return members.some(({ slices = [] }) => slices.some(({ kind }) => kind === 'share'));
}

/** What may be taken back: which replicas, and with how many GPUs. */
function extrasTerm({ parts }: Demand, extras: readonly Member[]): Term {
  const lists = parts.flatMap(({ name }) => {
    const numbers = extras.filter(({ part }) => part === name).map(({ replica }) => replica);
    if (numbers.length === 0) return [];
    const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
    return [`${name} ${first === last ? first : `${first} to ${last}`}`];
  });
  return {
    kind: 'devices',
    promise: `${heldBy(extras)} more (${lists.join(', ')}), until a guaranteed contract needs them`.slice(
      0,
      300,
    ),
    strength: 'declared',
    heldAs: 'intervals on the devices named, which may be taken back',
    enforcedBy: 'the placement core',
    measuredBy: 'check of every later placement; replay of the ledger',
  };
}

function guaranteed({ parts }: Demand, { members }: Placement): readonly Member[] {
  const counts = new Map(parts.map((part) => [part.name, guaranteedCount(part)]));
  return members.filter(({ part, replica }) => replica < (counts.get(part) ?? 0));
}

/** Sixteen parts may have slices of sixteen sizes. What else a promise says has to have room after them. */
const longestPhrase = 230;

function heldBy(members: readonly Member[]): string {
  const nodeCount = new Set(members.map(({ node }) => node)).size;
  return `${cleanText(devicesPhrase(members), longestPhrase)} on ${nodeCount} ${nodeCount === 1 ? 'node' : 'nodes'}`;
}

function devicesPhrase(members: readonly Member[]): string {
  const gpuCount = members.reduce((sum, { gpus }) => sum + gpus.length, 0);
  const slices = slicesPhrase(members);
  if (slices === '') return `${gpuCount} GPUs`;
  return gpuCount === 0 ? slices : `${gpuCount} GPUs and ${slices}`;
}

function heldAs(members: readonly Member[]): string {
  const kinds = new Set(members.flatMap(({ slices = [] }) => slices.map(({ kind }) => kind)));
  return [
    'exclusive intervals on the devices named',
    ...(kinds.has('mig') ? ['memory slices at legal starts of GPUs in MIG mode, which do not move'] : []),
    ...(kinds.has('share') ? ['thousandths of GPUs that are neither whole nor in MIG mode meanwhile'] : []),
  ].join('; ');
}
