import type { State } from '../../core/state.ts';
import type { Claim } from './claims.ts';

type Hung = { readonly letters: readonly string[]; readonly rack: string };

/** Watts are counted in twelfths, which two, three and four letters share evenly. */
const twelfths = 12;

/**
 * What is too much for a letter of a rack with any one letter or feed of the building lost, for a feed of the building
 * by itself, and for what cools a rack or several.
 */
export function* beyondFeeds({ fleet }: State, claims: readonly Claim[]): Generator<string> {
  const hung = new Map(
    fleet.nodes.map(({ id, facts }): [string, Hung] => {
      const rack = id.slice(0, id.lastIndexOf('/'));
      return [id, { rack, letters: facts.feeds ?? lettersOf(fleet.racks, rack) }];
    }),
  );
  const rackOf = (claim: Claim) => hung.get(claim.node)?.rack ?? '';
  for (const { id, facts } of fleet.racks.values()) {
    const own = claims.filter((claim) => rackOf(claim) === id);
    const letters = lettersOf(fleet.racks, id);
    for (const lost of lossesOf(letters, facts.feeds ?? {}))
      for (const [letter, limitW] of Object.entries(facts.feedLimitW ?? {})) {
        if (lost.includes(letter)) continue;
        const load = (claim: Claim) => {
          const left = (hung.get(claim.node)?.letters ?? []).filter((one) => !lost.includes(one));
          return left.includes(letter) ? watts(claim) / left.length : 0;
        };
        yield* over(`${id} feed ${letter} without ${lost.join()}`, own, load, limitW);
      }
    yield* over(`${id} cooling`, own, watts, facts.coolingLimitW);
  }
  for (const [id, { limitW }] of fleet.feeds) {
    const on = claims.filter((claim) => {
      const feeds = [...fleet.racks.values()].find((rack) => rack.id === rackOf(claim))?.facts.feeds ?? {};
      return (hung.get(claim.node)?.letters ?? []).some((letter) => feeds[letter] === id);
    });
    yield* over(id, on, watts, limitW);
  }
  for (const [id, { coolingLimitW }] of fleet.loops) {
    const racks = [...fleet.racks.values()].flatMap((rack) => (rack.facts.loop === id ? [rack.id] : []));
    const on = claims.filter((claim) => racks.some((rack) => rack === rackOf(claim)));
    yield* over(id, on, watts, coolingLimitW);
  }
}

function lettersOf(racks: State['fleet']['racks'], id: string): readonly string[] {
  const facts = [...racks.values()].find((rack) => rack.id === id)?.facts ?? {};
  return [...new Set([...Object.keys(facts.feeds ?? {}), ...Object.keys(facts.feedLimitW ?? {})])];
}

function lossesOf(
  letters: readonly string[],
  feeds: Readonly<Record<string, string>>,
): readonly (readonly string[])[] {
  const buildings = new Set(Object.values(feeds));
  const together = [...buildings].map((lost) => letters.filter((letter) => feeds[letter] === lost));
  return [[], ...letters.map((letter) => [letter]), ...together];
}

function watts({ powerW }: Claim): number {
  return powerW * twelfths;
}

/** A sum is highest where something begins. `amount` is in twelfths of a watt. */
function* over(
  what: string,
  claims: readonly Claim[],
  amount: (claim: Claim) => number,
  most: number | undefined,
): Generator<string> {
  if (most === undefined) return;
  const amounts = claims.map(amount);
  if (amounts.reduce((sum, one) => sum + one, 0) <= most * twelfths) return;
  for (const { startMs } of claims) {
    const held = claims.reduce(
      (sum, claim, at) => sum + (claim.startMs <= startMs && startMs < claim.endMs ? (amounts[at] ?? 0) : 0),
      0,
    );
    if (held > most * twelfths) {
      yield `${what} W: ${held / twelfths} of ${most} at ${startMs}`;
      return;
    }
  }
}
