import type { Numeral } from '../numbers.ts';
import type { Meaning, Span } from './span.ts';

/** Decimal gigabytes in MiB, rounded down: an 80 GB card reports a little less than 80 GiB. */
const mibOfCardGb = (gb: number) => Math.floor((gb * 1e9) / 1_048_576);

const lead = /(?:\b(?:at least|minimum(?: of)?|min\.?|no less than|not less than|with|and|plus)\s+|>=? ?)+$/u;
const size = String.raw`(tb|tib|gb|gib|g|mb|mib)`;
const perGpu = String.raw`(?:(?: of memory)? (?:per|a|each|/) ?(?:gpu|card)|/gpu)`;
const each = String.raw`(?: (?:per|each|a|\/) ?(?:node|server|replica|machine|worker|pod)| each|\/node)?`;

type Reader = readonly [RegExp, (value: number, match: RegExpExecArray) => Meaning | undefined];

const readers: readonly Reader[] = [
  [
    new RegExp(`^[ -]?(?:cpu cores?|cores?|v?cpus?|threads)(${perGpu})?${each}(?![a-z])`, 'u'),
    (count, match) => ({ kind: 'cores', count, per: match[1] === undefined ? 'replica' : 'gpu' }),
  ],
  [
    new RegExp(
      `^ ?${size} (?:of )?(?:vram|hbm\\d?e?|gpu (?:memory|ram)|video memory|graphics memory)(?:${perGpu})?`,
      'u',
    ),
    (value, match) => ({ kind: 'gpu-memory', mib: mibOfCardGb(gbOf(value, match[1])) }),
  ],
  [
    new RegExp(`^ ?${size} (?:of )?(?:system |host |main )?(?:ram|memory|mem)\\b(${perGpu})?${each}`, 'u'),
    (value, match) => ({
      kind: 'memory',
      mib: Math.round(gbOf(value, match[1]) * 1024),
      per: match[2] === undefined ? 'replica' : 'gpu',
    }),
  ],
  [
    new RegExp(`^ ?${size}(?: (?:of )?(?:gpu )?memory)?(?:${perGpu}| each\\b| apiece\\b)`, 'u'),
    (value, match) => ({ kind: 'gpu-memory', mib: mibOfCardGb(gbOf(value, match[1])) }),
  ],
  [
    new RegExp(`^ ?${size}(?= (?:nvidia |amd )?(?:gpus?|cards?|accelerators?)\\b)`, 'u'),
    (value, match) => ({ kind: 'gpu-memory', mib: mibOfCardGb(gbOf(value, match[1])) }),
  ],
  [
    new RegExp(
      `^ ?${size} (?:of )?(?:fast |local )?(?:storage|disk|ssd|nvme|scratch)(?: space| storage)?${each}`,
      'u',
    ),
    (value, match) => ({ kind: 'storage', gib: Math.round(gbOf(value, match[1])) }),
  ],
  [
    /^ ?(?:g|gb|gbe|gbit|gbps|gbit\/s|gb\/s)(?: (?:of )?)(?:rdma|infiniband|ib|roce|nics?|rails?)(?![a-z])(?: nics?| rails?)?(?: per gpu)?/u,
    (gbps) => ({ kind: 'nic', mbps: gbps * 1000 }),
  ],
  [
    /^ (?:replicas?|members?|nodes?|workers?|copies|gpus?) (?:left|remaining|surviving|still (?:up|running)|up)\b/u,
    (count) => (Number.isInteger(count) && count > 0 ? { kind: 'members-left', count } : undefined),
  ],
];

/** Cores, memory, storage, NIC speed and GPU memory with their unit and what they are counted per. */
export function readResources(text: string, numerals: readonly Numeral[]): readonly Span[] {
  return numerals.filter(({ weak }) => !weak).flatMap((numeral) => resourceAt(text, numeral) ?? []);
}

function resourceAt(text: string, numeral: Numeral): Span | undefined {
  const rest = text.slice(numeral.to);
  for (const [pattern, meaningOf] of readers) {
    const match = pattern.exec(rest);
    const meaning = match === null ? undefined : meaningOf(numeral.value, match);
    if (match === null || meaning === undefined) continue;
    const before = lead.exec(text.slice(0, numeral.from))?.[0] ?? '';
    return { from: numeral.from - before.length, to: numeral.to + match[0].length, ...meaning };
  }
  return undefined;
}

function gbOf(value: number, unit = 'gb'): number {
  if (unit.startsWith('t')) return value * 1024;
  return unit.startsWith('m') ? value / 1024 : value;
}
