import { z } from 'zod';

/** `unit` marks words that the name of the key says too: whoever knows that needs them no second time. */
const integer = (max: number, unit: string) => z.int().min(0).max(max).meta({ unit, description: unit });

/** How many of something; at most a million, which no request for one fleet passes. */
export const Count = z.int().min(1).max(1_000_000);
export const CpuMilli = integer(1_000_000_000, 'thousandths of a CPU');
export const MemoryMib = integer(1_000_000_000_000, 'MiB');
export const StorageGib = integer(1_000_000_000_000, 'GiB');
export const PowerW = integer(10_000_000_000, 'watts');
export const Mbps = integer(1_000_000_000_000, 'Mbit/s');
export const LatencyMs = integer(1_000_000, 'milliseconds');
/** Micro-euros: 1,000,000 is one euro. Fits 9,007 million euros exactly. */
export const MicroEur = z.int().min(0);
export const PriceMicroEurPerHour = integer(1_000_000_000_000, 'micro-euros an hour');
/** Seconds, at most ten years. */
export const DurationS = z.int().min(1).max(315_360_000);
/** Milliseconds since 1970-01-01T00:00:00Z, from 1970 to the end of 2199. */
export const AtMs = z.int().min(0).max(7_258_118_399_999);
export type AtMs = z.infer<typeof AtMs>;

export const hourS = 3_600;
export const dayMs = 86_400_000;
