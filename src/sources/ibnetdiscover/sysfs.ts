import type { Health } from '../../model/fact.ts';
import { cleanText, compareText } from '../../model/text.ts';
import type { Collected } from '../collected.ts';
import { devicePath, machinesOf } from '../machine.ts';
import type { Evidence, ImportContext } from '../source.ts';

const line =
  /^(?:.*\/)?((?:mlx|hfi|qib|bnxt|irdma|ib|rocep|rdmap)[\w-]*)\/(?:([\w.]+)|ports\/(\d+)\/([\w.]+))[\t:]\s?(.*)$/u;

/** Whether a text lists files below `/sys/class/infiniband` with their first lines. */
export function isSysfs(text: string): boolean {
  return /^\S*\/ports\/\d+\/(?:rate|state|link_layer)[\t:]/mu.test(text);
}

type Port = Map<string, string>;

/**
 * The InfiniBand and RoCE devices of one machine: rate, link layer and state of their ports. Lines are `path`, a tab or
 * colon, and the first line of that file. Source: Linux, Documentation/ABI/stable/sysfs-class-infiniband.
 */
export function addSysfs(
  { evidence, text }: { readonly evidence: Evidence; readonly text: string },
  context: ImportContext,
  collected: Collected,
): void {
  const devices = new Map<string, { readonly ports: Map<number, Port>; readonly line: number }>();
  for (const [index, words] of text.split('\n').entries()) {
    const [, device, , port, name = '', value = ''] = line.exec(words.replace(/\r$/u, '')) ?? [];
    if (device === undefined || port === undefined) continue;
    const known = devices.get(device) ?? { ports: new Map<number, Port>(), line: index + 1 };
    devices.set(device, known);
    const fields = known.ports.get(Number(port)) ?? new Map<string, string>();
    known.ports.set(Number(port), fields.set(name, value.trim()));
  }
  const ordered = [...devices].toSorted(([a], [b]) => compareText(orderOf(a), orderOf(b)));
  for (const machine of machinesOf(evidence, context, undefined)) {
    collected.add({ kind: 'node', subject: machine, set: {}, confidence: 'stated', at: { evidence } });
    for (const [number, [device, { ports, line: first }]] of ordered.slice(0, 32).entries()) {
      const [port] = [...ports].toSorted(([a], [b]) => a - b);
      const place = { subject: devicePath(machine, 'nic', number), at: { evidence, line: first } };
      if (port !== undefined) addNic({ device, fields: port[1], ports: ports.size }, place, collected);
    }
  }
}

/** Devices by the numbers in their names, bonds of several behind them. */
function orderOf(device: string): string {
  const padded = device.replaceAll(/\d+/gu, (digits) => digits.padStart(6, '0'));
  return `${device.includes('bond') ? 1 : 0} ${padded}`;
}

function addNic(
  { device, fields, ports }: { readonly device: string; readonly fields: Port; readonly ports: number },
  { subject, at }: Pick<Parameters<Collected['add']>[0], 'subject' | 'at'>,
  collected: Collected,
): void {
  const layer = fields.get('link_layer');
  const kind = layer === 'InfiniBand' ? 'infiniband' : layer === 'Ethernet' ? 'roce' : undefined;
  const set = { name: cleanText(device), kind, rdma: true, mbps: rateOf(fields.get('rate')) };
  collected.add({ kind: 'nic', subject, set, confidence: 'stated', at });
  const health = healthOf(fields);
  if (health !== undefined) {
    const { state = '', phys_state: physical = '' } = Object.fromEntries(fields);
    const healthReason = health === 'healthy' ? undefined : cleanText(`port is ${state} (${physical})`, 200);
    collected.add({ kind: 'nic', subject, set: { health, healthReason }, confidence: 'derived', at });
  }
  const gap = (attribute: string, why: string) => collected.gap({ subject, attribute, why, at });
  if (kind === undefined) gap('kind', 'the link layer is not said');
  if (set.mbps === undefined) gap('mbps', 'the rate is not said');
  if (ports > 1) gap('ports', `of ${ports} ports only the first is read`);
}

/** `400 Gb/sec (4X NDR)`, `2.5 Gb/sec (1X SDR)`, as Mbit/s. */
function rateOf(text: string | undefined): number | undefined {
  const [, whole, tenths = '0'] = /^(\d{1,5})(?:\.(\d))? Gb\/sec/u.exec(text ?? '') ?? [];
  return whole === undefined ? undefined : Number(whole) * 1000 + Number(tenths) * 100;
}

/** A port that is cabled but not yet managed (`INIT`, `ARMED`) carries no traffic either. */
function healthOf(fields: Port): Health | undefined {
  const state = fields.get('state');
  if (state === undefined) return undefined;
  if (/ACTIVE/u.test(state)) return 'healthy';
  return /DOWN|INIT|ARMED/u.test(state) ? 'down' : undefined;
}
