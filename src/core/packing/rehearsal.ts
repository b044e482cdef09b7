import type { Fleet } from './fleet.ts';
import { Nodes } from './nodes.ts';
import { Packer } from './packer.ts';
import type { Policy } from './policy.ts';
import { published, type PublishedName } from './published.ts';
import { type Script, scriptOf } from './script.ts';
import { gpuMilliOf, Shapes } from './shape.ts';
import type { Target } from './target.ts';
import { thrifty } from './thrifty.ts';

/** What the default policy is built on: a published policy, and the points that whole nodes are worth. */
export type Base = { readonly name: PublishedName; readonly wholePoints: number };

const usual: Base = { name: 'fgd', wholePoints: 0 };
const bases: readonly Base[] = [
  usual,
  { name: 'fgd', wholePoints: 3 },
  { name: 'fgd', wholePoints: 8 },
  { name: 'bestfit', wholePoints: 0 },
  { name: 'packing', wholePoints: 0 },
];

/** The published policies that lead on one workload or another. */
const rivals = ['fgd', 'bestfit', 'packing'] as const;

/** Percent of the GPUs requested, at which the use of the GPUs is compared. */
const marks = [90, 95, 100, 130] as const;

/** How far behind the best rival a base may fall without being thought worse, in thousandths of the GPUs. */
const allowedPerMille = 1;

/**
 * No published policy leads on every workload, so the default policy tries: it fills a small copy of the empty fleet
 * with requests drawn from the target, once for each base and rival. The base that falls least behind the best rival
 * is kept; among equals, the one that uses most, then the first. The draws are a fixed sequence, so the same fleet
 * and target give the same base everywhere.
 */
export function rehearse({ nodes, target }: Fleet): Base {
  const scripts = [1, 2].flatMap((take) => scriptOf(nodes.capacities, target, take) ?? []);
  const play = (policyFor: (fleet: Fleet) => Policy) =>
    scripts.flatMap((script) => perform(script, target, policyFor));
  const rivalUses = rivals.map((name) => play((fleet) => published(name, fleet)));
  const goals = scripts
    .flatMap(({ capacityMilli }) => marks.map(() => Math.floor((capacityMilli * allowedPerMille) / 1000)))
    .map((allowed, mark) => Math.max(...rivalUses.map((uses) => uses[mark] ?? 0)) - allowed);
  let best = { base: usual, lag: Infinity, used: 0 };
  for (const base of scripts.length === 0 ? [] : bases) {
    const uses = play((fleet) => thrifty(published(base.name, fleet), fleet, base.wholePoints));
    const lag = Math.max(0, ...goals.map((goal, mark) => goal - (uses[mark] ?? 0)));
    const used = uses.reduce((sum, milli) => sum + milli, 0);
    if (lag < best.lag || (lag === best.lag && used > best.used)) best = { base, lag, used };
  }
  return best.base;
}

/** GPU milli in use at each mark, and at the end where a mark was not reached. */
function perform(script: Script, target: Target, policyFor: (fleet: Fleet) => Policy): number[] {
  const nodes = new Nodes(script.capacities);
  const shapes = new Shapes(nodes.models);
  const packer = new Packer(nodes, shapes, policyFor({ nodes, shapes, target }));
  const used: number[] = [];
  let requestedMilli = 0;
  let usedMilli = 0;
  for (const request of script.requests) {
    const milli = gpuMilliOf(request);
    requestedMilli += milli;
    if (packer.place(shapes.idOf(request)) !== undefined) usedMilli += milli;
    while (
      used.length < marks.length &&
      requestedMilli * 100 >= script.capacityMilli * (marks[used.length] ?? 0)
    )
      used.push(usedMilli);
  }
  return marks.map((_, mark) => used[mark] ?? usedMilli);
}
