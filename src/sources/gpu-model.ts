import type { LinkKind } from '../model/fact.ts';
import { cleanText } from '../model/text.ts';

/** A GPU product under Berth's name for it. */
export type GpuModel = {
  /** Family, form, memory: `H100-SXM-80GB`, `A100-PCIE-40GB`, `L40S-48GB`. */
  readonly model: string;
  /** What the name says that the vendor's did not, and why; absent when everything was stated. */
  readonly inferred?: string;
  /** What joins the GPUs of one node, where the product alone decides it. */
  readonly link?: LinkKind;
};

/**
 * The name Berth uses for a vendor's product string, from whatever tool: `NVIDIA-H100-80GB-HBM3`,
 * `NVIDIA H100 80GB HBM3`, `Tesla-V100-SXM2-16GB`, `AMD_Instinct_MI300X_OAM`. Suffixes of MIG and time-slicing
 * (`-MIG-1g.10gb`, `-SHARED`) are no part of the model. A product outside the table keeps its cleaned name.
 * Nothing for text without a letter or digit.
 */
export function gpuModel(product: string): GpuModel | undefined {
  const words = wordsOf(product);
  const name = words.join('-');
  for (const rule of rules) {
    const match = rule.pattern.exec(name);
    if (match === null) continue;
    const { model, inferred } = rule;
    const link = rule.link ?? linkOf(model);
    return {
      model: model.replace('$1', match[1] ?? ''),
      ...(inferred === undefined ? {} : { inferred }),
      ...(link === undefined ? {} : { link }),
    };
  }
  return fallback(words);
}

type Rule = {
  /** Over the product's words in upper case, vendor and brand left out, joined by `-`. */
  readonly pattern: RegExp;
  readonly model: string;
  readonly inferred?: string;
  readonly link?: LinkKind;
};

const onlySxm = (family: string) => `${family} without a form in its name is the SXM module`;
const onlyMemory = (family: string, memory: string) => `${family} is only built with ${memory}`;

/**
 * Products whose string names neither form nor memory, or names them in another order. Sources: product strings
 * of GPU Feature Discovery, nvidia-smi and GKE in issues and captures; forms and memory sizes as generally known,
 * not checked against every product page. `inferred` is set wherever a reader of the string alone could not know it.
 */
const rules: readonly Rule[] = [
  {
    pattern: /^(H100|H800)-80GB-HBM3$/,
    model: '$1-SXM-80GB',
    inferred: 'HBM3 with 80 GB is only built as SXM',
  },
  { pattern: /^(H100|H800)-(?:SXM5?-80GB|80GB-SXM5?|SXM5?)$/, model: '$1-SXM-80GB' },
  {
    pattern: /^(H100|H800)-MEGA-80GB$/,
    model: '$1-SXM-80GB',
    inferred: 'machines of the type `mega` have SXM modules',
  },
  {
    pattern: /^(H100|H800)(?:-80GB)?-PCIE$/,
    model: '$1-PCIE-80GB',
    inferred: onlyMemory('H100 PCIe', '80 GB'),
  },
  { pattern: /^(H100|H800)-PCIE-80GB$/, model: '$1-PCIE-80GB' },
  {
    pattern: /^(H100|H800)-80GB-HBM2E$/,
    model: '$1-PCIE-80GB',
    inferred: 'HBM2e with 80 GB is only built as PCIe',
  },
  { pattern: /^H100-NVL(?:-94GB)?$/, model: 'H100-NVL-94GB', inferred: onlyMemory('H100 NVL', '94 GB') },
  { pattern: /^H200-NVL(?:-141GB)?$/, model: 'H200-NVL-141GB', inferred: onlyMemory('H200 NVL', '141 GB') },
  { pattern: /^H200-SXM5?-141GB$/, model: 'H200-SXM-141GB' },
  { pattern: /^H200(?:-141GB)?(?:-HBM3E)?$/, model: 'H200-SXM-141GB', inferred: onlySxm('H200') },
  { pattern: /^H20(?:-96GB)?(?:-HBM3)?$/, model: 'H20-SXM-96GB', inferred: onlySxm('H20') },
  { pattern: /^B200(?:-180GB)?$/, model: 'B200-SXM-180GB', inferred: onlySxm('B200') },
  {
    pattern: /^GB200$/,
    model: 'GB200-186GB',
    inferred: onlyMemory('GB200', '186 GB for one GPU'),
    link: 'nvlink',
  },
  {
    pattern: /^GH200-480GB$/,
    model: 'GH200-96GB',
    inferred: 'the 480 GB in the name are the memory of the CPU',
  },
  { pattern: /^GH200-144G-HBM3E$/, model: 'GH200-144GB' },
  { pattern: /^A100-SXM4?-(40|80)GB$/, model: 'A100-SXM4-$1GB' },
  { pattern: /^A100-(?:PCIE-(?:40)GB|PG509-200)$/, model: 'A100-PCIE-40GB' },
  { pattern: /^A100-(?:80GB-PCIE|PCIE-80GB)$/, model: 'A100-PCIE-80GB' },
  { pattern: /^A800-SXM4-(40|80)GB$/, model: 'A800-SXM4-$1GB' },
  { pattern: /^A800-80GB-PCIE$/, model: 'A800-PCIE-80GB' },
  { pattern: /^(V100|P100)-(?:16GB-SXM2|SXM2-16GB)$/, model: '$1-SXM2-16GB' },
  { pattern: /^V100-(SXM[23])-32GB(?:-LS)?$/, model: 'V100-$1-32GB' },
  { pattern: /^V100-PCIE-(16|32)GB$/, model: 'V100-PCIE-$1GB' },
  { pattern: /^V100S-PCIE-32GB$/, model: 'V100S-PCIE-32GB' },
  { pattern: /^V100M(16|32)$/, model: 'V100-$1GB' },
  { pattern: /^P100-PCIE-(12|16)GB$/, model: 'P100-PCIE-$1GB' },
  ...[
    'L4 24',
    'T4 16',
    'P4 8',
    'P40 24',
    'A2 16',
    'A10 24',
    'A10G 24',
    'A16 16',
    'L40 48',
    'L40S 48',
    'L20 48',
  ].map((card) => cardOf(card, 'none')),
  ...['A30 24', 'A40 48'].map((card) => cardOf(card)),
  ...['MI300X 192', 'MI308X 192', 'MI325X 256', 'MI350X 288', 'MI355X 288', 'MI250X 128'].map((card) =>
    cardOf(card, 'xgmi'),
  ),
  ...['MI210 64', 'MI100 32', 'MI300A 128'].map((card) => cardOf(card)),
];

/** A product with one memory size, by its name alone. `none`: the card has no connector for an accelerator link. */
function cardOf(card: string, link?: LinkKind): Rule {
  const [family = '', gb = ''] = card.split(' ');
  return {
    pattern: new RegExp(`^${family}(?:-${gb}GB)?(?:-(?:OAM|VF|HF|PCIE|HBM3E?))*$`),
    model: `${family}-${gb}GB`,
    inferred: onlyMemory(family, `${gb} GB`),
    ...(link === undefined ? {} : { link }),
  };
}

/** SXM modules sit on a board that joins them with NVLink. PCIe cards may or may not have bridges: not said. */
function linkOf(model: string): LinkKind | undefined {
  return /-SXM\d?-/.test(model) ? 'nvlink' : undefined;
}

const brands = new Set(['NVIDIA', 'TESLA', 'AMD', 'INSTINCT', 'CORPORATION', 'GRAPHICS', 'DEVICE']);

function wordsOf(product: string): string[] {
  return cleanText(product)
    .replace(/-MIG-.*$/i, '')
    .replace(/-SHARED$/i, '')
    .split(/[\s_-]+/)
    .filter((word) => word !== '' && !brands.has(word.toUpperCase()))
    .map((word) =>
      /^(?:h|a|v|l|t|p|b|gb|gh|mi)\d|gb$|^(?:pcie|nvl|mega|hbm|sxm|oam|vf|hf)/i.test(word)
        ? word.toUpperCase()
        : word,
    );
}

function fallback(words: readonly string[]): GpuModel | undefined {
  const name = words
    .join('-')
    .replaceAll(/[^A-Za-z0-9._+-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60);
  if (name === '') return undefined;
  const model = name.charAt(0).toUpperCase() + name.slice(1);
  const link = linkOf(model);
  return { model, ...(link === undefined ? {} : { link }) };
}
