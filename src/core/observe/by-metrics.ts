import type { Contract } from '../../model/contract.ts';
import { guaranteedCount, type Part, responseOf } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { Quantity } from '../../model/measurement.ts';
import { type Member, type Placement, seatsOf, type Term } from '../../model/placement.ts';
import { isCounted } from '../place/survival.ts';
import { flowsOf } from './flows.ts';
import type { Lens } from './lens.ts';
import type { Seen } from './seen.ts';
import { gpuPath, gpusOf } from './watch.ts';
import type { Glance } from './windows.ts';

/** What metrics tell of a term. What they cannot tell is said, never taken for kept. */
export function byMetrics(contract: Contract, lens: Lens, term: Term): Seen {
  const { placement } = contract;
  switch (term.kind) {
    case 'devices':
      return devices(contract, lens, term);
    case 'accelerator-link':
      return faults(lens, pathsOf(placement.members), {
        quantity: 'link-fault',
        what: 'GPUs without an error of their link',
      });
    case 'rdma':
      return ports(placement, lens);
    case 'power':
      return power(contract, lens, term);
    case 'cooling':
      return faults(lens, pathsOf(seatsOf(placement)), {
        quantity: 'heat-fault',
        what: 'GPUs not slowed down by heat',
      });
    case 'survival':
      return survival(contract, lens);
    case 'response':
      return response(contract, lens);
    case 'bandwidth':
      return bandwidth(contract, lens, term);
    case 'alignment':
      return { unmeasured: 'the topology of a machine is looked at when its facts are imported' };
    case 'isolation':
      return { unmeasured: 'no metric tells whose work runs beside it' };
    case 'space':
      return { unmeasured: 'no metric tells what is set aside' };
    case 'start-and-length':
    case 'residency':
    case 'price':
      throw new Error(`the ledger tells of ${term.kind}`);
    default:
      return term.kind satisfies never;
  }
}

/** Flows are on the NICs of the nodes; uplinks and pools are on switches and servers that no node counts for. */
function bandwidth(contract: Contract, lens: Lens, { promise }: Term): Seen {
  return promise.startsWith('flows on data NICs')
    ? flowsOf(contract, lens)
    : { unmeasured: 'counters say what was used, not what was to be had' };
}

function pathsOf(members: readonly Member[]): readonly Path[] {
  const paths = members.flatMap((member) => gpusOf(member).map((gpu) => gpuPath(member.node, gpu)));
  return [...new Set(paths)];
}

/** The guaranteed replicas of an elastic contract, or its extras: which of both a term is about, its strength tells. */
function devices({ demand, placement }: Contract, lens: Lens, { strength }: Term): Seen {
  const isFirm = firmIn(demand.parts);
  const isElastic = demand.guarantee === 'elastic';
  const members = placement.members.filter(
    (member) => !isElastic || isFirm(member) === (strength === 'guaranteed'),
  );
  return faults(lens, pathsOf(members), { quantity: 'gpu-fault', what: 'GPUs without a fault' });
}

/** Tells the guaranteed replicas of these parts. */
function firmIn(parts: readonly Part[]): (member: Member) => boolean {
  const firm = new Map(parts.map((part) => [part.name, guaranteedCount(part)]));
  return ({ part, replica }) => replica < (firm.get(part) ?? 0);
}

function faults(
  lens: Lens,
  places: readonly Path[],
  { quantity, what }: { readonly quantity: Quantity; readonly what: string },
): Seen {
  if (places.length === 0) return { unmeasured: 'it holds no GPUs, and nothing else is measured of it' };
  const glances = lens.faults(places, quantity);
  const faulty = lens.faulty(places, quantity);
  const silent = places.filter((place) =>
    lens.windows.every((window) => lens.at(place, quantity, window) === undefined),
  ).length;
  if (silent === places.length) return { glances, delivered: '', places: [] };
  const [first] = faulty;
  const why = first === undefined ? undefined : lens.why(first, quantity);
  const worst = first === undefined ? '' : `: ${first}${why === undefined ? '' : `, ${why}`}`;
  const unseen = silent === 0 ? '' : `, ${silent} without samples`;
  const good = places.length - faulty.length - silent;
  return { glances, delivered: `${good} of ${places.length} ${what}${unseen}${worst}`, places: faulty };
}

function ports({ members }: Placement, lens: Lens): Seen {
  const nodes = [...new Set(members.flatMap(({ node, nics }) => (nics.length > 0 ? [node] : [])))];
  if (nodes.length === 0) return { unmeasured: 'no NIC of it is known' };
  const faulty = lens.faulty(nodes, 'rdma-down');
  const down = faulty.length === 0 ? '' : `: ${faulty.slice(0, 2).join(', ')} has ports down`;
  return {
    glances: lens.faults(nodes, 'rdma-down'),
    delivered: `${nodes.length - faulty.length} of ${nodes.length} nodes with all RDMA ports active${down}`,
    places: faulty,
  };
}

type Watts = { readonly sum: number; readonly isWhole: boolean };

/**
 * Watts of a placement by window: whole machines by what they say themselves, the others by their GPUs, which is less
 * than they draw.
 */
function wattsIn(placement: Placement, lens: Lens): readonly (Watts | undefined)[] {
  const seats = Map.groupBy(seatsOf(placement), ({ node }) => node);
  return lens.windows.map((window) => {
    let sum = 0;
    let isWhole = true;
    for (const [node, own] of seats) {
      const machine = lens.at(node, 'node-watts', window);
      const drawn = machine ?? total(pathsOf(own).map((gpu) => lens.at(gpu, 'gpu-watts', window)));
      if (drawn === undefined) return undefined;
      sum += drawn;
      isWhole &&= machine !== undefined;
    }
    return { sum, isWhole };
  });
}

function total(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return values.length === 0 ? undefined : sum;
}

/**
 * Of limits that it shares with others, a contract sees only whether the hardware was made to brake. What it holds itself, and
 * what it may draw at most, is compared with what it draws.
 */
function power({ demand, placement }: Contract, lens: Lens, { promise }: Term): Seen {
  const gpus = pathsOf(seatsOf(placement));
  const brakes = { quantity: 'brake-fault', what: 'GPUs not slowed down for want of power' } as const;
  if (promise.startsWith('within ')) return faults(lens, gpus, brakes);
  const heldW = seatsOf(placement).reduce((sum, { powerW }) => sum + powerW, 0);
  const mostW = promise.startsWith('draws at most ') ? (demand.powerCapW ?? heldW) : heldW;
  const drawn = wattsIn(placement, lens);
  const highest = lens.highest(drawn.map((watts) => watts?.sum));
  const isWhole = drawn.every((watts) => watts?.isWhole !== false);
  const rest = isWhole ? '' : '; what the machines draw beside their GPUs is not measured';
  return {
    glances: drawn.map((watts): Glance => {
      if (watts !== undefined && watts.sum > mostW) return 'broken';
      return watts?.isWhole === true ? 'kept' : undefined;
    }),
    delivered: highest === undefined ? '' : `drew ${highest} W at most, of ${mostW} W${rest}`,
    places: [],
  };
}

/**
 * Replicas and spares that could run: enough of them have to be there for those that are to be left. Extras are neither
 * counted on nor missed.
 */
function survival({ demand, placement: { members, spares = [] } }: Contract, lens: Lens): Seen {
  const isFirm = firmIn(demand.parts.filter((part) => isCounted(part, demand)));
  const seats = [...members.filter(isFirm), ...spares].filter((seat) => gpusOf(seat).length > 0);
  const wanted = demand.survive?.membersLeft ?? 0;
  if (seats.length === 0) return { unmeasured: 'it holds no GPUs, and nothing else is measured of it' };
  const shown = lens.windows.map((window) => {
    const each = seats.map((seat) => lens.faults(pathsOf([seat]), 'gpu-fault')[window]);
    return {
      good: each.filter((glance) => glance === 'kept').length,
      bad: each.filter((glance) => glance === 'broken').length,
    };
  });
  const glances = shown.map(({ good, bad }): Glance => {
    if (good >= wanted) return 'kept';
    return seats.length - bad < wanted ? 'broken' : undefined;
  });
  const last = shown.findLast(({ good, bad }) => good + bad > 0);
  return {
    glances,
    delivered: `${last?.good ?? 0} of ${seats.length} replicas and spares without a fault, ${wanted} asked for`,
    places: [],
  };
}

function response({ id, demand }: Contract, lens: Lens): Seen {
  const mostMs = responseOf(demand)?.atMostMs ?? 0;
  const values = lens.windows.map((window) => lens.at(id, 'response-ms', window));
  const worst = lens.highest(values);
  return {
    glances: values.map((value): Glance => {
      if (value === undefined) return undefined;
      return value > mostMs ? 'broken' : 'kept';
    }),
    delivered: worst === undefined ? '' : `answered within ${worst} ms at worst, at most ${mostMs} ms wanted`,
    places: [],
  };
}

/** GPUs in use of all that are held, in thousandths, over the windows in which all of them say. */
export function busyMilli({ placement }: Contract, lens: Lens): number | undefined {
  const gpus = pathsOf(placement.members);
  const sums = lens.windows.flatMap(
    (window) => total(gpus.map((gpu) => lens.at(gpu, 'gpu-busy', window))) ?? [],
  );
  if (sums.length === 0 || gpus.length === 0) return undefined;
  const sum = sums.reduce((all, one) => all + one, 0);
  return Math.min(1000, Math.floor(sum / (sums.length * gpus.length)));
}
