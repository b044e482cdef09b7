import type { BindingResult, BindingStep, EngineObject, HandOver } from '../model/binding.ts';
import { cleanText, compareText } from '../model/text.ts';
import type { Answer, Compiler, Engine, Step } from './port.ts';

/** What one attempt came to. `found` is what was read back at its end. */
export type Attempt = {
  readonly result: BindingResult;
  readonly steps: readonly BindingStep[];
  readonly differences: readonly string[];
  readonly found?: readonly EngineObject[];
};

/**
 * What is to be done so that the engine holds what is wanted: removals first, from the last key to the first, because what
 * others name comes first when it is made and has to go last; then the others by key.
 */
export function stepsBetween(
  compiler: Pick<Compiler, 'differences'>,
  wanted: readonly EngineObject[],
  found: readonly EngineObject[],
  atMs: number,
): readonly Step[] {
  const there = new Map(found.map((object) => [object.key, object]));
  const asked = new Set(wanted.map(({ key }) => key));
  const left = found.filter(({ key }) => !asked.has(key));
  const removals = left.map((object): Step => ({ act: 'remove', key: object.key, found: object }));
  const others = wanted.flatMap((object): readonly Step[] => {
    const { key } = object;
    const before = there.get(key);
    if (before === undefined) return [{ act: 'create', key, wanted: object }];
    const differences = compiler.differences(object, before, atMs);
    return differences.length === 0
      ? []
      : [{ act: 'change', key, wanted: object, found: before, differences }];
  });
  return [...removals.toSorted(byKey).toReversed(), ...others.toSorted(byKey)];
}

function byKey(a: Step, b: Step): number {
  return compareText(a.key, b.key);
}

/** A step in words: `change reservation/berth_C-106: nodes are n[01-02], wanted n[01-03]`. */
export function stepText(step: Step): string {
  const { act, key } = step;
  const why = step.act === 'change' ? `: ${step.differences.join('; ')}` : '';
  return cleanText(`${act} ${key}${why}`, 300);
}

/**
 * Reads, does what is missing, reads again and compares: what counts is what is there afterwards, never what an answer
 * said. Stopped at any point and begun again it comes to the same end, because every attempt starts from what is there.
 */
export async function converge(
  engine: Engine,
  handOver: Pick<HandOver, 'subject' | 'objects'>,
  nowMs: () => number,
): Promise<Attempt> {
  const { subject: id, objects } = handOver;
  const asked = { id, keys: objects.map(({ key }) => key) };
  const before = await engine.read(asked);
  if (before.kind !== 'read')
    return { result: before.kind, steps: [], differences: [cleanText(before.why, 300)] };
  const planned = stepsBetween(engine, objects, before.objects, nowMs());
  const steps = await carryOut(engine, planned, nowMs);
  const after = planned.length === 0 ? before : await engine.read(asked);
  if (after.kind !== 'read') return { result: after.kind, steps, differences: [cleanText(after.why, 300)] };
  const open = stepsBetween(engine, objects, after.objects, nowMs());
  return {
    result: resultOf(open.length, steps),
    steps,
    differences: open.map((step) => differenceText(step)),
    found: after.objects,
  };
}

/** One after the other, until one is not done: those after it may need it. */
async function carryOut(
  engine: Engine,
  planned: readonly Step[],
  nowMs: () => number,
): Promise<readonly BindingStep[]> {
  const steps: BindingStep[] = [];
  for (const step of planned) {
    const answer = await engine.apply(step, nowMs());
    steps.push(stepOf(step, answer));
    if (answer.kind !== 'done') break;
  }
  return steps;
}

function stepOf({ act, key }: Step, answer: Answer): BindingStep {
  return {
    act,
    key,
    answer: answer.kind,
    ...(answer.kind === 'done' ? {} : { why: cleanText(answer.why, 300) }),
  };
}

function resultOf(openCount: number, steps: readonly BindingStep[]): BindingResult {
  if (openCount === 0) return 'kept';
  const last = steps.at(-1)?.answer;
  if (last === 'refused' || last === 'unreachable') return last;
  return 'differs';
}

function differenceText(step: Step): string {
  switch (step.act) {
    case 'create':
      return cleanText(`${step.key} is missing`, 300);
    case 'remove':
      return cleanText(`${step.key} is still there`, 300);
    case 'change':
      return cleanText(`${step.key}: ${step.differences.join('; ')}`, 300);
    default:
      return step satisfies never;
  }
}
