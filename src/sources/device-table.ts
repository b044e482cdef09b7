import type { z } from 'zod';

import { canonicalJson } from '../model/canonical.ts';
import { type Confidence, type Fact, GpuFacts, NicFacts, type Origin } from '../model/fact.ts';
import type { Path } from '../model/id.ts';
import { cleanText, compareText } from '../model/text.ts';
import { invalidFile } from './evidence.ts';
import type { Gap } from './gpu-reading.ts';
import { devicePath } from './machine.ts';
import type { Evidence } from './source.ts';

/** Where something was said about a device, and how sure it is. */
export type Saying = {
  readonly confidence: Confidence;
  readonly origin: Origin;
  readonly evidence: Evidence;
};

type Said = Saying & { readonly value: unknown };
type Kind = 'gpu' | 'nic';

/** What is one card's own: two readings that differ in it are about two cards. */
const own = new Set(['uuid', 'serial', 'pciAddress', 'model', 'memoryMib', 'guid', 'mac']);

/** The most of each kind that a node's facts can carry. */
const maxDevices = 32;

/**
 * What several files, or several readings of one file, say about the devices of one machine: one value for each
 * attribute. Watts that were measured fold into the highest, everything else into the last that was said.
 */
export class DeviceTable {
  readonly #devices: Readonly<Record<Kind, Map<number, Map<string, Said>>>> = {
    gpu: new Map(),
    nic: new Map(),
  };
  readonly #gaps = new Map<string, { kind: Kind; number: number; gap: Gap; origin: Origin }>();
  readonly #over: Record<Kind, number> = { gpu: 0, nic: 0 };

  /** Throws INVALID_INPUT when a number turns out to stand for two cards. */
  say(kind: Kind, number: number, set: GpuFacts | NicFacts, saying: Saying): void {
    if (number >= maxDevices) {
      this.#over[kind] = Math.max(this.#over[kind], number + 1);
      return;
    }
    const device = this.#devices[kind].get(number) ?? new Map<string, Said>();
    this.#devices[kind].set(number, device);
    for (const [name, value] of Object.entries(
      fitting(kind, set, (gap) => this.miss(kind, number, gap, saying.origin)),
    )) {
      const before = device.get(name);
      if (before !== undefined && own.has(name) && canonicalJson(before.value) !== canonicalJson(value))
        throw twoCards(kind, number, name, { before, after: { ...saying, value } });
      if (name === 'measuredW' && Number(before?.value ?? 0) > Number(value)) continue;
      device.set(name, { ...saying, value });
    }
  }

  /** Notes what is not known of a device, once. It is dropped again where another reading knows it. */
  miss(kind: Kind, number: number, gap: Gap, origin: Origin): void {
    const key = `${kind}${number} ${gap.attribute}`;
    if (number < maxDevices && !this.#gaps.has(key)) this.#gaps.set(key, { kind, number, gap, origin });
  }

  /** How many devices of a kind were named. */
  count(kind: Kind): number {
    return Math.max(this.#devices[kind].size, this.#over[kind]);
  }

  /** Something here belongs to single cards and cannot be said of several machines. */
  get isIndividual(): boolean {
    const names = ['uuid', 'serial', 'guid', 'mac', 'measuredW', 'health'];
    return [...this.#devices.gpu.values(), ...this.#devices.nic.values()].some((device) =>
      names.some((name) => device.has(name)),
    );
  }

  /** The facts about the devices of `machine`: one for each place of the evidence and degree of confidence, in their order. */
  facts(machine: Path): Fact[] {
    return (['gpu', 'nic'] as const).flatMap((kind) =>
      [...this.#devices[kind]].flatMap(([number, device]) => {
        const subject = devicePath(machine, kind, number);
        const places = Map.groupBy(device, ([, { confidence, origin }]) =>
          canonicalJson([confidence, origin]),
        );
        return [...places]
          .toSorted(([a], [b]) => compareText(a, b))
          .flatMap(([, entries]) => factOf(kind, subject, entries));
      }),
    );
  }

  gaps(machine: Path): { subject: Path; gap: Gap; origin: Origin }[] {
    const open = [...this.#gaps.values()].filter(
      ({ kind, number, gap }) => this.#devices[kind].get(number)?.has(gap.attribute) !== true,
    );
    return open.map(({ kind, number, gap, origin }) => ({
      subject: devicePath(machine, kind, number),
      gap,
      origin,
    }));
  }

  /** Kinds of which there are more than a node's facts can carry, with how many there are. */
  get surplus(): readonly { readonly kind: Kind; readonly count: number }[] {
    return (['gpu', 'nic'] as const).flatMap((kind) =>
      this.#over[kind] === 0 ? [] : [{ kind, count: this.#over[kind] }],
    );
  }
}

/** The attributes whose values a fact can carry; for the others, a gap each. */
function fitting(kind: Kind, set: GpuFacts | NicFacts, miss: (gap: Gap) => void): Record<string, unknown> {
  const schema: z.ZodType = kind === 'gpu' ? GpuFacts : NicFacts;
  const result = schema.safeParse(set);
  const rest: Record<string, unknown> = { ...set };
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '');
    miss({ attribute: name, why: `the value ${shown(rest[name])} is none it can have` });
    Reflect.deleteProperty(rest, name);
  }
  return rest;
}

function factOf(kind: Kind, subject: Path, entries: readonly (readonly [string, Said])[]): Fact[] {
  const [first] = entries;
  if (first === undefined) return [];
  const { confidence, origin } = first[1];
  const set: Record<string, unknown> = Object.fromEntries(entries.map(([name, { value }]) => [name, value]));
  return kind === 'gpu'
    ? [{ kind, subject, set: GpuFacts.parse(set), confidence, origin }]
    : [{ kind, subject, set: NicFacts.parse(set), confidence, origin }];
}

function twoCards(
  kind: Kind,
  number: number,
  name: string,
  { before, after }: { readonly before: Said; readonly after: Said },
) {
  const { file, line } = before.origin;
  const where = `\`${file}\`${line === undefined ? '' : ` line ${line}`}`;
  return invalidFile(
    after.evidence,
    `${kind}${number} has the ${name} ${shown(after.value)}, but ${shown(before.value)} in ${where}`,
    'these are two cards: import the files of one machine at a time',
    after.origin.line === undefined ? {} : { line: after.origin.line },
  );
}

function shown(value: unknown): string {
  return `\`${cleanText(String(value), 80)}\``;
}
