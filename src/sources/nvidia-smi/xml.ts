import { childrenNamed, textAt, type XmlElement } from '../xml.ts';
import type { CardField, CardText } from './card.ts';

/** Where the schemas v11 to v13 and the text of `-q` keep each field; several names for one thing are normal. */
const places: Readonly<Record<CardField, readonly string[]>> = {
  product: ['product_name'],
  uuid: ['uuid', 'gpu_uuid'],
  serial: ['serial', 'serial_number'],
  pci: ['pci/pci_bus_id', 'pci/bus_id'],
  memory: ['fb_memory_usage/total'],
  powerLimit: [
    'gpu_power_readings/current_power_limit',
    'power_readings/enforced_power_limit',
    'power_readings/power_limit',
  ],
  powerDefault: ['gpu_power_readings/default_power_limit', 'power_readings/default_power_limit'],
  powerDraw: [
    'gpu_power_readings/power_draw',
    'gpu_power_readings/average_power_draw',
    'gpu_power_readings/instant_power_draw',
    'gpu_power_readings/instantaneous_power_draw',
    'power_readings/power_draw',
  ],
  migMode: ['mig_mode/current_mig', 'mig_mode/current'],
  migPending: ['mig_mode/pending_mig', 'mig_mode/pending'],
  recoveryAction: ['gpu_recovery_action'],
  resetRequired: ['gpu_reset_status/reset_required'],
  drainRecommended: ['gpu_reset_status/drain_and_reset_recommended'],
  remapPending: ['remapped_rows/remapped_row_pending', 'remapped_rows/pending'],
  remapFailure: ['remapped_rows/remapped_row_failure', 'remapped_rows/remapping_failure_occurred'],
  retirePending: ['retired_pages/pending_retirement', 'retired_pages/pending_page_blacklist'],
  eccUncorrected: [
    'ecc_errors/volatile/sram_uncorrectable',
    'ecc_errors/volatile/sram_uncorrectable_parity',
    'ecc_errors/volatile/sram_uncorrectable_secded',
    'ecc_errors/volatile/sram_uncorrectable_sec_ded',
    'ecc_errors/volatile/dram_uncorrectable',
    'ecc_errors/volatile/double_bit/total',
  ],
  hwSlowdown: reasons('hw_slowdown'),
  hwThermal: [...reasons('hw_thermal_slowdown'), 'clocks_event_reasons/hw_slowdown/hw_thermal_slowdown'],
  hwPowerBrake: [
    ...reasons('hw_power_brake_slowdown'),
    'clocks_event_reasons/hw_slowdown/hw_power_brake_slowdown',
  ],
  swThermal: reasons('sw_thermal_slowdown'),
  clique: ['fabric/cliqueId', 'fabric/cliqueid', 'fabric/clique_id'],
  clusterUuid: ['fabric/clusterUuid', 'fabric/clusteruuid', 'fabric/cluster_uuid'],
  virtualization: ['gpu_virtualization_mode/virtualization_mode'],
};

function reasons(name: string): string[] {
  return [
    `clocks_event_reasons/clocks_event_reason_${name}`,
    `clocks_throttle_reasons/clocks_throttle_reason_${name}`,
    `clocks_event_reasons/${name}`,
    `clocks_throttle_reasons/${name}`,
  ];
}

/** The texts of one `<gpu>`. */
export function cardTextOf(gpu: XmlElement): CardText {
  return (field) => places[field].flatMap((path) => textAt(gpu, path) ?? []);
}

export function migDevicesOf(gpu: XmlElement): readonly XmlElement[] {
  return [
    ...(gpu.children.find(({ name }) => name === 'mig_devices')?.children ?? []),
    ...childrenNamed(gpu, 'mig_device'),
  ];
}

/**
 * The text of `nvidia-smi -q` as the tree that its XML would be: names in lower case with `_`, values behind the
 * colon, depth by indentation. `GPU 00000000:1B:00.0` becomes `<gpu id=…>`. Source: nvidia-smi 470 to 595.
 */
export function readLog(text: string, firstLine: number): XmlElement {
  const root = growing('nvidia_smi_log', firstLine, -1);
  const open = [root];
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const [, indent = '', name, , value] = /^( *)([^:=]*[^:=\s])(\s*: ?(.*))?$/u.exec(withGpu(line)) ?? [];
    if (name === undefined) continue;
    const element = growing(elementName(name), firstLine + index, indent.length);
    const id = /^GPU ([0-9A-F][0-9A-Fx.-]*)$/iu.exec(name)?.[1];
    if (id !== undefined) element.attributes.set('id', id.replaceAll('-', ':'));
    element.text = (value ?? '').trim();
    while ((open.at(-1)?.depth ?? -1) >= indent.length) open.pop();
    open.at(-1)?.children.push(element);
    open.push(element);
  }
  return root;
}

type Growing = {
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: Growing[];
  readonly line: number;
  readonly depth: number;
  text: string;
};

function growing(name: string, line: number, depth: number): Growing {
  return { name, attributes: new Map(), children: [], line, depth, text: '' };
}

/** A PCI address has colons, which elsewhere part name and value. */
function withGpu(line: string): string {
  const [, id] = /^GPU ([0-9A-F:.]+)\s*$/iu.exec(line) ?? [];
  return id === undefined ? line : `GPU ${id.replaceAll(':', '-')}`;
}

function elementName(name: string): string {
  if (/^GPU [0-9A-F-]+(?:\.\d)?$/iu.test(name)) return 'gpu';
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '_')
    .replaceAll(/^_|_$/gu, '');
}
