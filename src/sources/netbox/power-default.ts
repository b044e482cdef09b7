/** A figure that is used where nobody states one, and where it comes from. */
export type PowerDefault = { readonly powerW: number; readonly source: string };

/**
 * The most that one GPU draws, by Berth's name for its model. Figures with a source that can be looked up, and none from
 * memory: a model that is not listed stays unknown. What a site states comes first.
 */
export function gpuPowerDefault(model: string): PowerDefault | undefined {
  return gpus.find(({ pattern }) => pattern.test(model));
}

/** The most that a whole machine draws, by maker and model as an inventory spells them. */
export function machinePowerDefault(machine: string): PowerDefault | undefined {
  return machines.find(({ pattern }) => pattern.test(machine));
}

/** How an assumption made from a default is told. */
export function defaultText(what: string, { powerW, source }: PowerDefault): string {
  return `${what} is taken to draw at most ${powerW} W: ${source}`;
}

type Rule = PowerDefault & { readonly pattern: RegExp };

const library = 'netbox-community/devicetype-library, comments of the device type';

const gpus: readonly Rule[] = [
  { pattern: /^A100-SXM4-/u, powerW: 400, source: 'NVIDIA DGX A100 as described in the device type library' },
  { pattern: /^A40-/u, powerW: 300, source: 'secondary sources' },
  { pattern: /^L40S-/u, powerW: 350, source: 'power limit in a capture of nvidia-smi' },
  { pattern: /^H100-SXM-/u, powerW: 700, source: 'power limit in a capture of nvidia-smi' },
  { pattern: /^H100-PCIE-/u, powerW: 350, source: 'secondary sources' },
  { pattern: /^H100-NVL-/u, powerW: 400, source: 'secondary sources: 350 to 400 W, as configured' },
  { pattern: /^H200-SXM-/u, powerW: 700, source: 'power limit in a capture of nvidia-smi' },
  { pattern: /^B200-SXM-/u, powerW: 1000, source: 'NVIDIA DGX B200 user guide' },
  { pattern: /^MI300X-/u, powerW: 750, source: 'secondary sources' },
  { pattern: /^MI308X-/u, powerW: 650, source: 'power cap in a capture of amd-smi' },
  { pattern: /^MI325X-/u, powerW: 1000, source: 'secondary sources' },
];

const machines: readonly Rule[] = [
  { pattern: /\bDGX A100\b/iu, powerW: 6500, source: library },
  { pattern: /\bDGX H[12]00\b/iu, powerW: 10_200, source: 'secondary sources' },
  { pattern: /\bDGX B200\b/iu, powerW: 14_300, source: 'NVIDIA DGX B200 user guide' },
  {
    pattern: /\bARS-121GL-NB3-LCC-R1\b/u,
    powerW: 5400,
    source: 'secondary sources for GB200 and GB300 trays',
  },
];
