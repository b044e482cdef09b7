import type { Origin } from '../../model/fact.ts';
import type { Evidence } from '../source.ts';

/** One offer of a catalogue: a machine type, its price where the catalogue has one, and where it was read. */
export type Offer = {
  readonly machine: string;
  readonly region: string | undefined;
  readonly cpuMilli: number | undefined;
  readonly memoryMib: number | undefined;
  readonly storageGib: number | undefined;
  readonly gpus: OfferedGpus | undefined;
  /** Millionths of a US dollar for the machine for an hour, on demand. */
  readonly microUsdPerHour: bigint | undefined;
  readonly origin: Origin;
  readonly evidence: Evidence;
};

export type OfferedGpus = {
  /** As the catalogue calls them: `H100`, `a10g`. */
  readonly name: string;
  /** As written; a fraction, or 0 beside memory, is a share of a GPU. */
  readonly count: number;
  /** Of one GPU. */
  readonly memoryMib: number | undefined;
  /** Of all GPUs of the machine, where the catalogue has a column for it. */
  readonly totalMemoryMib: number | undefined;
};

/** A decimal number as millionths, exactly; digits beyond the sixth are cut. Nothing for other text. */
export function microOf(text: string): bigint | undefined {
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d{1,30}))?$/u.exec(text.trim()) ?? [];
  return whole === undefined ? undefined : BigInt(whole + fraction.slice(0, 6).padEnd(6, '0'));
}

/** Thousandths of a decimal number such as `4.0`, as a safe integer. */
export function milliOf(text: string): number | undefined {
  const micro = microOf(text);
  return micro === undefined ? undefined : Number(micro / 1000n);
}
