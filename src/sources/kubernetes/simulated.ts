import { z } from 'zod';

import type { NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import { invalidFile } from '../evidence.ts';
import { gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { cpuMilliOf, memoryMibOf, storageGibOf } from '../quantity.ts';
import { bounded } from './node.ts';
import type { NodeProfile } from './object.ts';

const text = z.union([z.string(), z.number()]).transform(String);

const Profile = z.object({
  spec: z.object({
    instanceType: text.optional(),
    resources: z.object({ cpu: text, memory: text, storage: text.optional() }),
    gpu: z
      .object({
        product: text,
        count: z.int().min(0),
        memory: z.int().min(0).optional(),
        driver: text.optional(),
      })
      .nullish(),
  }),
});

/**
 * A `KWOKNodeProfile` of NVIDIA AICR (`kwok/profiles` in NVIDIA/aicr): a node to simulate with, not one that was
 * seen. Its machine type need not exist.
 */
export function readProfile(profile: NodeProfile): {
  readonly set: NodeFacts;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
} {
  const parsed = Profile.safeParse(profile.value);
  if (!parsed.success) throw incomplete(profile, parsed.error);
  const { instanceType, resources, gpu } = parsed.data.spec;
  const named = gpu ? gpuModel(gpu.product) : undefined;
  const { set, gaps } = bounded({
    hostName: cleanText(profile.name),
    machine: instanceType === undefined ? undefined : cleanText(instanceType),
    cpuMilli: cpuMilliOf(resources.cpu),
    memoryMib: memoryMibOf(resources.memory),
    storageGib: resources.storage === undefined ? undefined : storageGibOf(resources.storage),
    gpuCount: gpu?.count ?? 0,
    gpuModel: named?.model,
    gpuMemoryMib: gpu?.memory,
    driver: gpu?.driver === undefined ? undefined : cleanText(gpu.driver),
    link: named?.link,
    schedulable: false,
  });
  const type = instanceType === undefined ? '' : `: \`${cleanText(instanceType, 80)}\` need not exist`;
  const simulated = `\`${cleanText(profile.name, 80)}\` is a simulated node (KWOKNodeProfile), not one that was seen${type}`;
  const inferred =
    gpu && named?.inferred !== undefined
      ? [`\`${cleanText(gpu.product, 80)}\` is read as ${named.model}: ${named.inferred}`]
      : [];
  const unread: Gap[] =
    gpu && named === undefined ? [{ attribute: 'gpuModel', why: 'no product is named' }] : [];
  return { set, gaps: [...gaps, ...unread, imagined], assumptions: [simulated, ...inferred] };
}

/** Nothing is placed on it, unless another source says that it is there and open. */
const imagined: Gap = {
  attribute: 'schedulable',
  why: 'a simulated node: nothing real is known to stand behind it',
};

function incomplete(profile: NodeProfile, error: z.ZodError) {
  const path = error.issues[0]?.path.join('.') ?? 'spec';
  return invalidFile(
    profile.evidence,
    `the profile \`${cleanText(profile.name, 80)}\` has no usable \`${cleanText(path, 80)}\``,
    'a KWOKNodeProfile needs `spec.resources.cpu` and `.memory`, and for GPUs `product` and `count`',
    profile.line === undefined ? {} : { line: profile.line },
  );
}
