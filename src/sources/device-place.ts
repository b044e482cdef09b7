import { compareText } from '../model/text.ts';

/**
 * Small numbers for switches and roots, in the order of their names: the first is 0. Devices that hang on nothing
 * known have none.
 */
export function numbered(keys: readonly (string | undefined)[]): readonly (number | undefined)[] {
  const order = [...new Set(keys.flatMap((key) => key ?? []))].toSorted(compareText);
  return keys.map((key) => (key === undefined ? undefined : order.indexOf(key)));
}

/**
 * The rail of each NIC: the number of the GPU it serves. RDMA NICs on a PCIe switch serve that switch's GPUs in order,
 * one each; a NIC that shares no switch with a GPU, or comes after the last of them, has no rail.
 */
export function railsOf(
  gpuSwitches: readonly (number | undefined)[],
  nics: readonly { readonly rdma: boolean | undefined; readonly pcieSwitch: number | undefined }[],
): readonly (number | undefined)[] {
  const waiting = new Map<number, number[]>();
  for (const [gpu, on] of gpuSwitches.entries()) {
    if (on !== undefined) waiting.set(on, [...(waiting.get(on) ?? []), gpu]);
  }
  return nics.map(({ rdma, pcieSwitch }) =>
    rdma === true && pcieSwitch !== undefined ? waiting.get(pcieSwitch)?.shift() : undefined,
  );
}
