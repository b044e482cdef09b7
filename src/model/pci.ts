/**
 * One spelling for a PCI address: `0000:1b:00.0`, lower case, four digits of domain where four are enough. Reads what
 * tools print: `00000000:1B:00.0` (nvidia-smi), `0000:1b:00` (NCCL), `1b:00.0` (lspci, domain 0). A missing function is
 * 0. Nothing for text that is no address.
 *
 * Source: Linux, Documentation/PCI/sysfs-pci.rst (domain:bus:device.function).
 */
export function pciAddressOf(text: string): string | undefined {
  const [, domain = '0', bus = '', device = '', fn = '0'] =
    /^\s*(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})(?:\.([0-7]))?\s*$/iu.exec(text) ?? [];
  if (bus === '' || Number.parseInt(device, 16) > 0x1f) return undefined;
  const short = domain.toLowerCase().replace(/^0+(?=[0-9a-f]{4})/u, '');
  return `${short.padStart(4, '0')}:${bus.toLowerCase().padStart(2, '0')}:${device.toLowerCase().padStart(2, '0')}.${fn}`;
}
