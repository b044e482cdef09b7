import { z } from 'zod';

import { Random } from '../../../src/bench/random.ts';
import { compareText } from '../../../src/model/text.ts';

/** What of a stored report a comparison reads. */
export const StoredReport = z.looseObject({
  schema: z.literal('berth/eval-report/2'),
  agent: z.string(),
  suite: z.string(),
  tasks: z.array(z.looseObject({ id: z.string(), digest: z.string() })).default([]),
  runs: z.array(z.looseObject({ task: z.string(), passed: z.boolean() })),
});
export type StoredReport = z.infer<typeof StoredReport>;

/** A stored report with its figures by area: what a table of agents shows. */
export const StoredFigures = StoredReport.extend({
  k: z.int(),
  figures: z.looseObject({
    breaches: z.int(),
    areas: z.array(
      z.looseObject({
        area: z.string(),
        tasks: z.int(),
        pass1: z.looseObject({ share: z.number() }),
        passAllK: z.number(),
      }),
    ),
  }),
});
export type StoredFigures = z.infer<typeof StoredFigures>;

/** How two reports on the same tasks differ. */
export type Comparison = {
  readonly sameSuite: boolean;
  /** Tasks that both ran. */
  readonly tasks: number;
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  /** Two-sided exact McNemar test: how likely a split this uneven is if both agents are equally good. */
  readonly p: number;
  /** Second minus first: the mean difference of pass rates, with its 95 % bootstrap interval over tasks. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
};

/** Compares task by task; a task counts as passed when all its runs passed. The draws are seeded. */
export function compare(first: StoredReport, second: StoredReport, draws = 10_000): Comparison {
  const [a, b] = [passRates(first), passRates(second)];
  const both = [...a.keys()].filter((id) => b.has(id)).toSorted(compareText);
  const onlyFirst = both.filter((id) => a.get(id) === 1 && b.get(id) !== 1);
  const onlySecond = both.filter((id) => a.get(id) !== 1 && b.get(id) === 1);
  const differences = both.map((id) => (b.get(id) ?? 0) - (a.get(id) ?? 0));
  const means = bootstrap(differences, draws);
  return {
    sameSuite: first.suite === second.suite,
    tasks: both.length,
    onlyFirst,
    onlySecond,
    p: mcnemar(onlyFirst.length, onlySecond.length),
    difference: mean(differences),
    low: means[Math.floor(means.length * 0.025)] ?? 0,
    high: means[Math.ceil(means.length * 0.975) - 1] ?? 0,
  };
}

/** Exact two-sided McNemar: the binomial tail of the discordant pairs (Q. McNemar, 1947). */
export function mcnemar(one: number, other: number): number {
  const pairs = one + other;
  let term = 0.5 ** pairs;
  let tail = 0;
  for (let i = 0; i <= Math.min(one, other); i++) {
    tail += term;
    term = (term * (pairs - i)) / (i + 1);
  }
  return Math.min(1, 2 * tail);
}

function passRates({ runs }: StoredReport): ReadonlyMap<string, number> {
  const byTask = Map.groupBy(runs, ({ task }) => task);
  return new Map([...byTask].map(([id, own]) => [id, mean(own.map(({ passed }) => (passed ? 1 : 0)))]));
}

/** Sorted means of samples drawn with replacement. */
function bootstrap(values: readonly number[], draws: number): readonly number[] {
  const random = new Random(1);
  return Array.from({ length: draws }, () =>
    mean(values.map(() => values[random.below(values.length)] ?? 0)),
  ).toSorted((x, y) => x - y);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
