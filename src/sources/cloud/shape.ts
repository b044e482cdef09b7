import { type Fact, type GpuFacts, ShapeFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { type GpuModel, gpuModel } from '../gpu-model.ts';
import { type Gap, plausibleCount } from '../gpu-reading.ts';
import { known } from '../observation.ts';
import type { Offer, OfferedGpus } from './machine.ts';

export type ShapeReading = {
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

/**
 * What a catalogue says of one machine type, from all its offers. Where offers in several regions differ, the attribute
 * is left open. GPU memory that is a whole number of GiB is a nominal size: the card itself shows less (81,559 MiB for
 * "80 GB"), so it is left open too.
 */
export function readShape(subject: Path, offers: readonly [Offer, ...Offer[]]): ShapeReading {
  const [first] = offers;
  const gaps: Gap[] = [];
  const agreed = <K extends 'cpuMilli' | 'memoryMib' | 'storageGib' | 'gpus'>(
    name: K,
    attribute: string,
  ): Offer[K] | undefined => {
    if (new Set(offers.map((offer) => JSON.stringify(offer[name] ?? null))).size === 1) return first[name];
    gaps.push({ attribute, why: 'the offers of this machine type differ between regions' });
    return undefined;
  };
  const body = {
    cpuMilli: agreed('cpuMilli', 'cpuMilli'),
    memoryMib: agreed('memoryMib', 'memoryMib'),
    storageGib: agreed('storageGib', 'storageGib'),
  };
  const gpus = gpusOf(first.machine, agreed('gpus', 'gpus'));
  const about = { kind: 'shape', subject, origin: first.origin } as const;
  const stated = bounded({ ...body, ...gpus.stated });
  return {
    facts: [
      { ...about, set: stated.set, confidence: 'stated' },
      ...(Object.keys(gpus.derived).length === 0
        ? []
        : [{ ...about, set: gpus.derived, confidence: 'derived' } as const]),
    ],
    gaps: [...gaps, ...stated.gaps, ...gpus.gaps],
    assumptions: gpus.assumptions,
  };
}

/** Keeps what a fact can carry. */
function bounded(set: { readonly [K in keyof ShapeFacts]: ShapeFacts[K] | undefined }): {
  readonly set: ShapeFacts;
  readonly gaps: readonly Gap[];
} {
  const entries = Object.entries(set).filter(([, value]) => value !== undefined);
  const kept = entries.filter(([name, value]) => ShapeFacts.safeParse({ [name]: value }).success);
  const dropped = entries.filter((entry) => !kept.includes(entry));
  const why = 'the value is outside what a fact can carry';
  return {
    set: ShapeFacts.parse(Object.fromEntries(kept)),
    gaps: dropped.map(([attribute]) => ({ attribute, why })),
  };
}

type GpusReading = {
  readonly stated: ShapeFacts;
  readonly derived: ShapeFacts;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

const nothing: GpusReading = { stated: {}, derived: {}, gaps: [], assumptions: [] };

function gpusOf(machine: string, gpus: OfferedGpus | undefined): GpusReading {
  if (gpus === undefined) return nothing;
  if (!Number.isInteger(gpus.count) || gpus.count === 0) {
    const why = `${gpus.count} of a GPU with ${gpus.memoryMib ?? 'unknown'} MiB: a share, not a whole GPU`;
    return { ...nothing, gaps: [{ attribute: 'gpus', why }] };
  }
  const { gpuCount, gaps } = plausibleCount(gpus.count);
  if (gpuCount === undefined) return { ...nothing, gaps };
  const model = modelOf(machine, gpus);
  const memory = memoryOf(gpus);
  const card: GpuFacts = known({ model: model?.model, memoryMib: memory.memoryMib });
  return {
    stated: {},
    derived: {
      gpus: Array.from({ length: gpuCount }, () => card),
      ...(model?.link === undefined ? {} : { link: model.link }),
    },
    gaps: [
      ...memory.gaps,
      ...(model === undefined ? [{ attribute: 'gpuModel', why: 'the catalogue does not name the GPU' }] : []),
    ],
    assumptions:
      model?.inferred === undefined ? [] : [`\`${gpus.name}\` is read as ${model.model}: ${model.inferred}`],
  };
}

/**
 * The model behind a catalogue's short name (`H100`): its form where the name of the machine type has it, or is one of
 * AWS' families whose modules are generally known; its memory as the catalogue has it.
 */
export function modelOf(machine: string, { name, memoryMib }: OfferedGpus): GpuModel | undefined {
  if (name === '') return undefined;
  const nominal = memoryMib !== undefined && memoryMib % 1024 === 0 ? `${memoryMib / 1024}GB` : undefined;
  const form = formOf(machine);
  const words = [name, form, nominal].filter((word) => word !== undefined);
  const found = gpuModel(words.join('-'));
  if (found === undefined || form === undefined || /sxm|pcie|nvl/iu.test(machine)) return found;
  const family = cleanText(machine.split('.')[0] ?? machine, 40);
  return {
    ...found,
    inferred: found.inferred ?? `machines of the family \`${family}\` have ${form} modules`,
  };
}

const awsForms: ReadonlyMap<string, string> = new Map([
  ['p3', 'SXM2'],
  ['p3dn', 'SXM2'],
  ['p4d', 'SXM4'],
  ['p4de', 'SXM4'],
  ['p5', 'SXM'],
  ['p5e', 'SXM'],
  ['p5en', 'SXM'],
]);

function formOf(machine: string): string | undefined {
  const said = /(?<![a-z])(sxm\d?|pcie|nvl)(?![a-z])/iu.exec(machine)?.[1]?.toUpperCase();
  return said ?? (machine.includes('.') ? awsForms.get(machine.split('.')[0] ?? '') : undefined);
}

/** Catalogues fill their columns differently; what contradicts itself is said, and nominal sizes stay open. */
function memoryOf({ count, memoryMib, totalMemoryMib }: OfferedGpus): Memory {
  if (memoryMib === undefined) return withoutMemory('the catalogue gives no GPU memory, or 0');
  if (totalMemoryMib !== undefined && totalMemoryMib !== memoryMib * count)
    return withoutMemory(
      totalMemoryMib === memoryMib
        ? `the column for all ${count} GPUs has ${totalMemoryMib} MiB, which is the size of one`
        : `${count} GPUs of ${memoryMib} MiB are not the ${totalMemoryMib} MiB of the total`,
    );
  if (memoryMib % 1024 !== 0) return { memoryMib, gaps: [] };
  return withoutMemory(
    `${memoryMib} MiB is a nominal size (${memoryMib / 1024} GiB): the card itself may show less`,
  );
}

type Memory = { readonly memoryMib?: number; readonly gaps: readonly Gap[] };

function withoutMemory(why: string): Memory {
  return { gaps: [{ attribute: 'gpuMemoryMib', why }] };
}
