import type { Gap } from '../gpu-reading.ts';
import type { HwlocObject } from './tree.ts';

/** One GPU or NIC: what the file says, what follows from where it stands, and what stays open. */
export type DeviceReading<T> = {
  readonly object: HwlocObject;
  readonly stated: T;
  readonly derived: T;
  readonly gaps: readonly Gap[];
};
