import type { Violation } from '../given.ts';
import { type Audit, broken, named } from './audit.ts';

/** Whichever one node or rack is lost, as many replicas as were asked for are somewhere else. */
export function* survival({ demand, seats }: Audit): Generator<Violation> {
  const { survive, parts } = demand;
  if (survive === undefined) return;
  const { loss, membersLeft } = survive;
  if (loss !== 'node' && loss !== 'rack') return;
  const withGpus = parts.some(({ each }) => each.gpus !== undefined);
  const counted = seats.filter(({ part }) => !withGpus || part?.each.gpus !== undefined);
  for (const { member, node } of counted)
    if (loss === 'rack' && node.rack === undefined)
      yield broken('survive', `${named(member)}: its rack is not recorded`);
  const places = Map.groupBy(counted, ({ node }) => (loss === 'rack' ? node.rack : node.id));
  for (const [place, lost] of places) {
    const left = counted.length - lost.length;
    if (place !== undefined && left < membersLeft)
      yield broken(
        'survive',
        `the loss of ${loss} ${place} leaves ${left} replicas, asked for ${membersLeft}`,
      );
  }
}
