import type { Evidence } from '../source.ts';

/** One value of one series. */
export type Sample = {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  /** When it was taken, where the evidence says so. */
  readonly atMs?: number;
  readonly evidence: Evidence;
  readonly line?: number;
};

/**
 * Whether a value stands for none. DCGM marks fields that are blank, not found, not supported or not permitted with the
 * four numbers from 0x7ffffff0 (32 bits), 0x7ffffffffffffff0 (64 bits) and 2^47 (floating point) on; as a floating-point
 * number the 64-bit ones become 2^63. Source: DCGM, dcgm_structs.h, DCGM_INT32_BLANK, DCGM_INT64_BLANK, DCGM_FP64_BLANK.
 */
export function isBlank(value: number): boolean {
  const isAt = (first: number) => value >= first && value <= first + 3;
  return !Number.isFinite(value) || value >= 2 ** 62 || isAt(0x7ffffff0) || isAt(2 ** 47);
}

/** Numbers as Go writes them: decimal, with exponent, `NaN`, `+Inf`, `-Inf`. */
export function numberOf(text: string): number | undefined {
  if (/^[+-]?inf(?:inity)?$/iu.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/iu.test(text)) return Number.NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text) ? Number(text) : undefined;
}
