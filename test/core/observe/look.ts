import { decide } from '../../../src/core/decide.ts';
import type { Standing } from '../../../src/core/observe/follow.ts';
import { windowCount, windowS } from '../../../src/core/observe/windows.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import type { Decision } from '../../../src/model/decision.ts';
import type { Event } from '../../../src/model/event.ts';
import type { Finding } from '../../../src/model/finding.ts';
import { ContractId } from '../../../src/model/id.ts';
import { Measurement, Quantity, Series } from '../../../src/model/measurement.ts';
import type { PolicyVerdict } from '../../../src/model/policy.ts';
import { enter, t0, verdictAll, type World } from '../fleet.ts';

export const c101 = ContractId.parse('C-101');
export const minuteMs = 60_000;

/**
 * Series as text, a line each: `r1/n01/gpu0 gpu-fault 0 0 1 - 1`, oldest first, `-` for no sample; `gpu0-7` stands for
 * eight GPUs. Paths begin at `fra1/h1/`, unless they are contracts. After ` # ` stands what the last fault was.
 */
export function series(...lines: readonly string[]): Series[] {
  return lines.flatMap((line) => {
    const [numbered = '', why] = line.split(' # ');
    const [of = '', quantity, ...values] = numbered.split(' ');
    const numbers = values.map((value) => (value === '-' ? null : Number(value)));
    return spread(of).map((path) =>
      Series.parse({
        of: path.startsWith('C-') ? path : `fra1/h1/${path}`,
        quantity: Quantity.parse(quantity),
        values: numbers,
        ...(why === undefined ? {} : { why }),
      }),
    );
  });
}

function spread(of: string): readonly string[] {
  const [, stem = '', first, last] = /^(.*\/gpu)([0-9]+)-([0-9]+)$/.exec(of) ?? [];
  if (first === undefined) return [of];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => `${stem}${Number(first) + at}`);
}

type Told = Partial<Omit<Measurement, 'series' | 'schema' | 'evidence'>> & {
  readonly atMs?: number;
  readonly verdict?: PolicyVerdict;
};

export type Looked = {
  readonly world: World;
  readonly decision: Decision;
  readonly events: readonly Event[];
  readonly standing: Standing | undefined;
  /** Of a term: `broken: 7 of 8 GPUs …`. */
  readonly term: (name: string) => string;
};

/** Looks at C-101 with these series, an hour after the fleet's now unless said otherwise. */
export function look(before: World, lines: readonly string[], told: Told = {}): Looked {
  const { atMs = t0 + 3_600_000, verdict, ...more } = told;
  const { state, archive } = before;
  const measurement = Measurement.parse({
    schema: 'berth/measurement/1',
    contract: c101,
    version: 1,
    untilMs: atMs,
    windowS,
    windowCount,
    series: series(...lines),
    evidence: [],
    ...more,
  });
  const given = { atMs, verdict: verdict ?? verdictAll(state, 'allowed'), archive, measurement };
  const command = {
    kind: 'observe-contract',
    contract: c101,
    measurement: digestOf(measurement),
  } as const;
  const { decision, events } = decide(state, given, command);
  const world = enter(before, events, atMs);
  const standing = world.state.observed.get(c101);
  return { world, decision, events, standing, term: (name) => wordsOf(standing?.last.findings, name) };
}

function wordsOf(findings: readonly Finding[] = [], name: string): string {
  const found = findings.find(({ term }) => term === name);
  return found === undefined ? 'absent' : `${found.result}: ${found.delivered}`;
}
