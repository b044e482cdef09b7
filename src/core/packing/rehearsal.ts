import { type Base, bases, policyOn, usualBase } from './bases.ts';
import type { Fleet } from './fleet.ts';
import { Nodes } from './nodes.ts';
import { Packer } from './packer.ts';
import { type Script, scriptOf } from './script.ts';
import { gpuMilliOf, Shapes } from './shape.ts';
import type { Target } from './target.ts';

/** Percent of the GPUs requested, at which the use of the GPUs is compared. */
const marks = [90, 95, 100, 110, 120, 130] as const;

/** Requests that are tried with each base, in all its takes: small fleets get more takes, large ones at least two. */
const requestsTried = 12_000;
const takesMin = 2;
const takesMax = 8;

/**
 * No published policy leads on every workload, so the default policy tries: it fills a small copy of the empty fleet
 * with requests drawn from the target, several times with each base. Kept is the base with the most GPUs in use, all
 * marks together, less what it falls behind the best published policy where it falls behind most; the first of
 * equals. It works because what a policy wastes follows from the fleet and from what is asked for, hardly from the
 * order in which it is asked for. The draws are a fixed sequence, so the same fleet and target give the same base
 * everywhere.
 */
export function rehearse({ nodes, target }: Fleet): Base {
  const scripts = takesOf(nodes, target);
  if (scripts.length === 0) return usualBase;
  const played = bases.map((base) => ({ base, uses: play(base, scripts, target) }));
  const rivals = played.filter(({ base }) => base.weights === undefined);
  const goals = marks.map((_, mark) => Math.max(...rivals.map(({ uses }) => uses[mark] ?? 0)));
  let best = { base: usualBase, worth: -Infinity };
  for (const { base, uses } of played) {
    const lag = Math.max(0, ...goals.map((goal, mark) => goal - (uses[mark] ?? 0)));
    const worth = uses.reduce((sum, milli) => sum + milli, 0) - lag * marks.length;
    if (worth > best.worth) best = { base, worth };
  }
  return best.base;
}

function takesOf({ capacities }: Nodes, target: Target): Script[] {
  const scripts: Script[] = [];
  let tried = 0;
  while (scripts.length < takesMin || (tried < requestsTried && scripts.length < takesMax)) {
    const script = scriptOf(capacities, target, scripts.length + 1);
    if (script === undefined) return [];
    tried += script.requests.length;
    scripts.push(script);
  }
  return scripts;
}

/** GPU milli in use at each mark, of all takes together. */
function play(base: Base, scripts: readonly Script[], target: Target): number[] {
  const takes = scripts.map((script) => perform(script, target, base));
  return marks.map((_, mark) => takes.reduce((sum, uses) => sum + (uses[mark] ?? 0), 0));
}

/** GPU milli in use at each mark, and at the end where a mark was not reached. */
function perform(script: Script, target: Target, base: Base): number[] {
  const nodes = new Nodes(script.capacities);
  const shapes = new Shapes(nodes.models);
  const packer = new Packer(nodes, shapes, policyOn(base, { nodes, shapes, target }));
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
