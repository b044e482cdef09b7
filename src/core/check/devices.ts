import type { Hold } from '../calendar/calendar.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken, hasBit, named, type Seat, until } from './audit.ts';

/** As many whole GPUs as asked for, as a clean list of numbers that the node has. */
export function* devicesListed({ seats }: Audit): Generator<Violation> {
  for (const { member, part, node } of seats) {
    const need = part?.each.gpus;
    const wanted = need?.slice === undefined ? (need?.count ?? 0) : 0;
    if (part !== undefined && member.gpus.length !== wanted)
      yield broken('gpu-count', `${named(member)} has ${member.gpus.length} GPUs, asked for ${wanted}`);
    yield* listed(`${named(member)}: GPU`, member.gpus, node.shape.gpus.length);
    yield* listed(`${named(member)}: NIC`, member.nics, node.shape.nics.length);
  }
}

/** No device is promised twice: not inside the placement, and not against what others hold in the window. */
export function* devicesOnce({ seats }: Audit): Generator<Violation> {
  for (const own of Map.groupBy(seats, (seat) => seat.node).values()) {
    if (own.length > 1) yield* promisedTwice(own);
    for (const seat of own)
      for (const hold of seat.holds)
        for (const path of sharedWith(seat, hold))
          yield broken(
            'device-once',
            `${path} is held by ${hold.holder} from ${hold.startMs} ${until(hold.endMs)}`,
          );
  }
}

/** Between seats on one node. Twice in one seat is a matter of its list. */
function* promisedTwice(seats: readonly Seat[]): Generator<Violation> {
  const promised = new Map<string, Seat>();
  for (const seat of seats) {
    for (const path of devicesOf(seat)) {
      const first = promised.get(path) ?? seat;
      promised.set(path, first);
      if (first !== seat)
        yield broken('device-once', `${path} serves ${named(first.member)} and ${named(seat.member)}`);
    }
  }
}

function sharedWith({ member: { node, gpus, nics } }: Seat, hold: Hold): readonly string[] {
  return [
    ...gpus.filter((index) => hasBit(hold.gpus, index)).map((index) => `${node}/gpu${index}`),
    ...nics.filter((index) => hold.nics.includes(index)).map((index) => `${node}/nic${index}`),
  ];
}

/** The node takes work, the GPUs work, and they are whole ones. */
export function* devicesHealthy({ seats }: Audit): Generator<Violation> {
  for (const { member, node } of seats) {
    if (node.health === 'down') yield broken('node-health', `${named(member)}: the node is down`);
    if (!node.schedulable) yield broken('node-schedulable', `${named(member)}: the node is cordoned`);
    for (const gpu of member.gpus.filter((index) => hasBit(node.downMask, index)))
      yield broken('gpu-health', `${named(member)}: GPU ${gpu} is down`);
    for (const nic of member.nics.filter((index) => node.downNics.has(index)))
      yield broken('nic-health', `${named(member)}: NIC ${nic} is down`);
    if (member.gpus.length > 0 && node.shape.whole !== 'yes')
      yield broken('gpu-sharing', `${named(member)}: whole GPUs on this node: ${node.shape.whole}`);
  }
}

function* listed(what: string, numbers: readonly number[], count: number): Generator<Violation> {
  if (numbers.some((number, at) => at > 0 && number <= (numbers[at - 1] ?? number)))
    yield broken('device-list', `${what}s ${numbers.join(' ')} are not in order, each once`);
  for (const number of new Set(numbers))
    if (number < 0 || number >= count)
      yield broken('device-known', `${what} ${number} does not exist, the node has ${count}`);
}

function devicesOf({ member: { node, gpus, nics } }: Seat): readonly string[] {
  return [...gpus.map((index) => `${node}/gpu${index}`), ...nics.map((index) => `${node}/nic${index}`)];
}
