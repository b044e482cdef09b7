import { solve } from '../../../src/core/place/solve.ts';
import { startRange } from '../../../src/core/place/start-range.ts';
import { unsupported } from '../../../src/core/place/supported.ts';
import { Demand, Part } from '../../../src/model/demand.ts';
import { dayMs } from '../../../src/model/unit.ts';
import { t0, verdictAll, type World } from '../fleet.ts';

/** Whether a demand fits, without an explanation of why not. */
export function fits({ state }: World, wish: Demand): boolean {
  const range = startRange(wish, t0);
  if (range.kind === 'refused' || unsupported(wish) !== undefined) return false;
  const asked = { demand: wish, starts: range.starts, isTrial: true };
  return solve(state, verdictAll(state, 'allowed'), asked).kind === 'solved';
}

/** Changes that are each made alone, by what they are about, written down apart from the search for them. */
export function singles(asked: Demand): ReadonlyMap<string, readonly Demand[]> {
  const found = new Map<string, readonly Demand[]>();
  const add = (name: string, changed: readonly object[]) => {
    if (changed.length > 0) found.set(name, changed.map(plain));
  };
  const { deadlineMs: _deadline, ...window } = asked.window;
  add('later', [{ ...asked, window: { ...window, latestStartMs: window.earliestStartMs + 90 * dayMs } }]);
  add('shorter', shorter(asked));
  for (const key of fields) if (asked[key] !== undefined) add(key, [{ ...asked, [key]: undefined }]);
  for (const [at, part] of asked.parts.entries()) {
    const swap = (changed: readonly object[]) =>
      changed.map((one) => ({ ...asked, parts: asked.parts.with(at, plainPart(one)) }));
    const fewer = Array.from({ length: part.count - 1 }, (_, less) => ({
      ...part,
      count: less + 1,
      minCount: undefined,
    }));
    add(`fewer ${part.name}`, swap(fewer));
    const { gpus } = part.each;
    const halves = [2, 4, 8].flatMap((by) =>
      gpus !== undefined && gpus.count % by === 0 ? [gpus.count / by] : [],
    );
    add(
      `smaller ${part.name}`,
      swap(halves.map((count) => ({ ...part, each: { ...part.each, gpus: { ...gpus, count } } }))),
    );
  }
  for (const key of ['within', 'apart'] as const)
    if (asked.parts.some((part) => part[key] !== undefined))
      add(key, [{ ...asked, parts: asked.parts.map((part) => ({ ...part, [key]: undefined })) }]);
  for (const key of eachFields)
    if (asked.parts.some(({ each }) => each[key] !== undefined))
      add(key, [
        {
          ...asked,
          parts: asked.parts.map((part) => ({ ...part, each: { ...part.each, [key]: lessOf(key, part) } })),
        },
      ]);
  for (const key of gpuFields)
    if (asked.parts.some(({ each }) => each.gpus?.[key] !== undefined))
      add(key, [
        {
          ...asked,
          parts: asked.parts.map((part) =>
            part.each.gpus === undefined
              ? part
              : { ...part, each: { ...part.each, gpus: { ...part.each.gpus, [key]: undefined } } },
          ),
        },
      ]);
  return found;
}

const fields = [
  'where',
  'together',
  'isolation',
  'powerCapW',
  'avoid',
  'latencyMsByRegion',
  'budget',
  'survive',
  'flows',
] as const;
const eachFields = ['rdma', 'storageGib', 'align', 'cpuMilli', 'memoryMib'] as const;
const gpuFields = ['models', 'memoryMib', 'link'] as const;

function lessOf(key: (typeof eachFields)[number], { each }: Demand['parts'][number]): 0 | undefined {
  return (key === 'cpuMilli' || key === 'memoryMib') && each.gpus !== undefined ? 0 : undefined;
}

function shorter({ window, ...asked }: Demand): readonly object[] {
  const { durationS } = window;
  if (durationS === undefined)
    return [24, 168].map((hours) => ({ ...asked, window: { ...window, durationS: hours * 3600 } }));
  return [1, 2, 4, 8, 12, 15].map((sixteenths) => ({
    ...asked,
    window: { ...window, durationS: Math.max(1, Math.floor((durationS * sixteenths) / 16)) },
  }));
}

/** Pairs of changes that leave something out, of those that do not do alone. */
export function* pairs(asked: Demand, useless: ReadonlySet<string>): Generator<readonly [string, Demand]> {
  const dropped = [...singles(asked)].filter(
    ([name]) => useless.has(name) && !/^(fewer|smaller|shorter)/.test(name),
  );
  for (const [name, [first]] of dropped) {
    if (first === undefined) continue;
    for (const [other, [both]] of singles(first))
      if (other > name && useless.has(other) && both !== undefined && !/^(fewer|smaller|shorter)/.test(other))
        yield [`${name} + ${other}`, both];
  }
}

/** Without the keys that say nothing. */
function plain(changed: object): Demand {
  return Demand.parse(JSON.parse(JSON.stringify(changed)));
}

function plainPart(part: object): Demand['parts'][number] {
  return Part.parse(JSON.parse(JSON.stringify(part)));
}
