import type { Claim } from '../../../src/core/inventory/claims.ts';
import { type Confidence, Fact, type FactKind, type SourceName } from '../../../src/model/fact.ts';

/** Every source, the most trusted first where nothing else decides. */
export const mostTrustedFirst: readonly SourceName[] = [
  'inventory',
  'hwloc',
  'nccl',
  'nvidia-smi',
  'rocm-smi',
  'redfish',
  'dra',
  'slurm',
  'kubernetes',
  'topograph',
  'ibnetdiscover',
  'netbox',
  'prometheus',
  'cloud',
  'openb',
];

type Told = {
  readonly atMs?: number;
  readonly confidence?: Confidence;
  readonly kind?: FactKind;
  readonly subject?: string;
};

/** One word of one source about one subject: a node, where nothing else is said. */
export function claim(
  source: SourceName,
  set: object,
  { atMs = 0, confidence = 'stated', kind = 'node', subject = 'fra1/n1' }: Told = {},
): Claim {
  const origin = { file: `${source}.txt` };
  const fact = Fact.parse({ kind, subject, set, confidence, origin });
  return { source, observedAtMs: atMs, confidence, origin, fact };
}
