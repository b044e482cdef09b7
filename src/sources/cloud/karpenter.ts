import { z } from 'zod';

import { fileName, invalidFile } from '../evidence.ts';
import { scalar, Texts } from '../kubernetes/listed.ts';
import { cpuMilliOf, memoryMibOf, storageGibOf } from '../quantity.ts';
import type { Evidence } from '../source.ts';
import type { StructuredDocument } from '../structured.ts';
import { microOf, type Offer, type OfferedGpus } from './machine.ts';

const expected =
  'machine types of Karpenter: `{"p5.48xlarge": {"labels": {…}, "resources": {…}}}`, or the list of its KWOK provider';

const Described = z.record(z.string().min(1).max(200), z.object({ labels: Texts, resources: Texts }));

const amount = scalar.transform(String);
const Offering = z.object({
  Price: z.number().min(0).optional(),
  Requirements: z.array(z.object({ key: z.string(), values: z.array(z.string()).optional() })).optional(),
});
const Listed = z.array(
  z.object({
    name: z.string().min(1).max(200),
    offerings: z.array(Offering).optional(),
    resources: z.record(z.string(), amount),
  }),
);

/**
 * Machine types as Karpenter knows them. Two shapes: labels and allocatable resources by type (the tables of
 * aws/karpenter-provider-aws, `reference/instance-types.md`, as JSON), and the list that its KWOK provider reads
 * (NVIDIA/aicr, `kwok/manifests/karpenter`), which has prices by zone.
 */
export function readKarpenter(
  evidence: Evidence,
  documents: readonly StructuredDocument[],
): readonly Offer[] {
  const offers = documents.flatMap((document) => {
    const listed = Listed.safeParse(document.value);
    if (listed.success)
      return listed.data.flatMap((type, index) => listedOffers(evidence, type, document.lineOf([index])));
    const described = Described.safeParse(document.value);
    if (!described.success) throw invalidFile(evidence, 'lists no machine types', `expected: ${expected}`);
    return Object.entries(described.data).map(([name, type]) => describedOffer(evidence, name, type));
  });
  if (offers.length === 0) throw invalidFile(evidence, 'lists no machine types', `expected: ${expected}`);
  return offers;
}

const prefix = 'karpenter.k8s.aws/instance-';

function describedOffer(
  evidence: Evidence,
  machine: string,
  { labels, resources }: { readonly labels: Texts; readonly resources: Texts },
): Offer {
  const number = (name: string) => {
    const text = labels.get(`${prefix}${name}`);
    return text !== undefined && /^\d{1,9}$/u.test(text) ? Number(text) : undefined;
  };
  const name = labels.get(`${prefix}gpu-name`);
  const gpus: OfferedGpus | undefined =
    name === undefined
      ? otherAccelerator(labels)
      : { name, count: number('gpu-count') ?? 0, memoryMib: number('gpu-memory'), totalMemoryMib: undefined };
  return {
    machine,
    region: undefined,
    ...amountsOf(resources),
    gpus,
    microUsdPerHour: undefined,
    origin: { file: fileName(evidence) },
    evidence,
  };
}

/** Trainium and Inferentia: no GPUs, but accelerators that are placed like them. */
function otherAccelerator(labels: Texts): OfferedGpus | undefined {
  const name = labels.get(`${prefix}accelerator-name`);
  const count = labels.get(`${prefix}accelerator-count`) ?? '';
  if (name === undefined || !/^\d{1,3}$/u.test(count)) return undefined;
  return { name, count: Number(count), memoryMib: undefined, totalMemoryMib: undefined };
}

function amountsOf(resources: Texts): Pick<Offer, 'cpuMilli' | 'memoryMib' | 'storageGib'> {
  return {
    cpuMilli: cpuMilliOf(resources.get('cpu') ?? ''),
    memoryMib: memoryMibOf(resources.get('memory') ?? ''),
    storageGib: storageGibOf(resources.get('ephemeral-storage') ?? ''),
  };
}

/** One offer a region; a zone is a region and a letter. Spot prices are left out. */
function listedOffers(
  evidence: Evidence,
  { name, offerings = [], resources }: z.infer<typeof Listed>[number],
  line: number | undefined,
): Offer[] {
  const amounts = new Map(Object.entries(resources));
  const count = Number(amounts.get('nvidia.com/gpu') ?? amounts.get('amd.com/gpu') ?? 0);
  const common = {
    machine: name,
    ...amountsOf(amounts),
    gpus:
      Number.isSafeInteger(count) && count > 0
        ? { name: '', count, memoryMib: undefined, totalMemoryMib: undefined }
        : undefined,
    origin: { file: fileName(evidence), ...(line === undefined ? {} : { line }) },
    evidence,
  };
  const priced = offerings.filter(
    (offering) => !valuesOf(offering, 'karpenter.sh/capacity-type').includes('spot'),
  );
  const offers = priced.flatMap((offering) =>
    valuesOf(offering, 'topology.kubernetes.io/zone').map((zone) => ({
      ...common,
      region: zone.replace(/(?<=\d)[a-z]$/u, ''),
      microUsdPerHour: offering.Price === undefined ? undefined : microOf(String(offering.Price)),
    })),
  );
  return offers.length > 0 ? offers : [{ ...common, region: undefined, microUsdPerHour: undefined }];
}

function valuesOf({ Requirements }: z.infer<typeof Offering>, key: string): readonly string[] {
  return Requirements?.find((one) => one.key === key)?.values ?? [];
}
