import type { Path } from '../../model/id.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { Collected } from '../collected.ts';
import { readText, reportProgress } from '../evidence.ts';
import { addFabric, listOf } from '../fabric.ts';
import { wrongFormat } from '../format.ts';
import { devicePath } from '../machine.ts';
import { observation } from '../observation.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { switchesOf } from './levels.ts';
import { addSysfs, isSysfs } from './sysfs.ts';
import { hostOf, type IbEnd, type IbFabric, type IbLink, readIbFabric, switchNameIn } from './text.ts';

/**
 * InfiniBand fabrics as `ibnetdiscover` prints them: switches, the machines on their ports, link width and speed. Also
 * `/sys/class/infiniband` of one machine: its ports with rate and state.
 */
export const ibnetdiscover: Source = {
  name: 'ibnetdiscover',
  title: 'InfiniBand fabrics',
  howTo: 'sudo ibnetdiscover > fabric.txt, or on one machine: grep -rs . /sys/class/infiniband/ > ib.txt',
  parse(evidence, context) {
    const collected = new Collected(context);
    const fabric: IbFabric = { switches: new Map(), adapters: new Map(), names: new Map(), links: new Map() };
    for (const file of evidence) readFile(file, { fabric, context }, collected);
    addMachines(fabric, context, collected);
    addFabric(switchesOf(fabric, namesOf(fabric), collected), collected, 'derived');
    return observation('ibnetdiscover', evidence, context, collected.findings());
  },
};

const expected = 'what `ibnetdiscover` prints, or the files below /sys/class/infiniband with their names';

function readFile(
  evidence: Evidence,
  { fabric, context }: { readonly fabric: IbFabric; readonly context: ImportContext },
  collected: Collected,
): void {
  const text = readText(evidence);
  if (isSysfs(text)) return addSysfs({ evidence, text }, context, collected);
  if (!/^(?:Switch|Ca)\s+\d+\s+"/mu.test(text)) throw wrongFormat(evidence, text, 'ibnetdiscover', expected);
  readIbFabric(evidence, text, fabric);
}

/** What each switch is called; several of one name, such as the chips of one box, are told apart by their GUIDs. */
function namesOf({ names }: IbFabric): (guid: string) => string {
  const uses = new Map<string, number>();
  for (const text of names.values()) {
    const name = switchNameIn(text) ?? '';
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return (guid) => {
    const name = switchNameIn(names.get(guid) ?? '');
    if (name === undefined) return `s-${guid}`;
    return uses.get(name) === 1 ? name : `${name}.${guid}`;
  };
}

/** A cable between a switch and an adapter, seen from the adapter. */
type Port = {
  readonly adapter: IbEnd;
  readonly device: string;
  readonly leaf: string;
  readonly link: IbLink;
};

function addMachines(fabric: IbFabric, context: ImportContext, collected: Collected): void {
  const nameOf = namesOf(fabric);
  const machines = new Map<string, Port[]>();
  const links = [...fabric.links.values()].toSorted((a, b) => compareText(a.key, b.key));
  for (const [index, link] of links.entries()) {
    if (index % 1024 === 0) reportProgress(context, index, links.length);
    const adapter = link.ends.find(({ kind }) => kind === 'adapter');
    const leaf = link.ends.find(({ kind }) => kind === 'switch');
    if (adapter === undefined || leaf === undefined) continue;
    const host = hostOf(fabric.names.get(adapter.guid) ?? '');
    if (host === undefined) {
      noteStranger(
        fabric.names.get(adapter.guid) ?? '',
        { leaf: nameOf(leaf.guid), port: leaf.port, link },
        collected,
      );
      continue;
    }
    const ports = machines.get(host.machine) ?? [];
    machines.set(host.machine, ports);
    ports.push({ adapter, device: host.device, leaf: nameOf(leaf.guid), link });
  }
  for (const [name, ports] of machines) addMachine(name, ports, fabric, collected);
  addUnlinked(fabric, collected);
}

/** Aggregation nodes inside switches, and adapters that nobody gave a name. */
function noteStranger(
  name: string,
  { leaf, port, link }: { readonly leaf: string; readonly port: number; readonly link: IbLink },
  collected: Collected,
): void {
  const attribute = /Aggregation Node/iu.test(name) ? 'aggregation node' : 'hostName';
  const why = `\`${cleanText(name, 80)}\` on port ${port} of \`${cleanText(leaf, 60)}\` names no machine and device`;
  collected.gap({ attribute, why, at: link.at });
}

/** Each port is a NIC with its switch; a machine has a leaf where all of them hang on the same. */
function addMachine(name: string, ports: readonly Port[], fabric: IbFabric, collected: Collected): void {
  const [first] = ports;
  if (first === undefined) return;
  const { at } = first.link;
  const subject = collected.machine(name, at);
  collected.add({ kind: 'node', subject, set: { hostName: cleanText(name) }, confidence: 'stated', at });
  const ordered = ports.toSorted((a, b) => compareText(orderOf(a), orderOf(b)));
  for (const [number, port] of ordered.entries()) addPort(port, { subject, number }, collected);
  const leafs = [...new Set(ports.map(({ leaf }) => leaf))].toSorted(compareText);
  const gap = (why: string) => collected.gap({ subject, attribute: 'leaf', why, at });
  if (leafs.length > 1)
    return gap(`its ports hang on ${leafs.length} switches: ${listOf(leafs)}; each NIC has its own`);
  const isWhole = ports.every(({ adapter }) => fabric.adapters.has(adapter.guid));
  const set = { leaf: collected.shared(first.leaf, at) };
  collected.add({ kind: 'node', subject, set, confidence: isWhole ? 'derived' : 'assumed', at });
  if (isWhole) return;
  gap(
    `only ${listOf(ports.map(({ device }) => device))} is seen: the file lists no adapters, others may hang elsewhere`,
  );
  collected.assume(
    'where a file lists no adapters, all ports of a machine are taken to hang on the leaf of those seen',
  );
}

/** Devices by the numbers in their names, then by port. */
function orderOf({ device, adapter }: Port): string {
  return `${device} ${adapter.port}`.replaceAll(/\d+/gu, (digits) => digits.padStart(6, '0'));
}

function addPort(
  { adapter, device, leaf, link }: Port,
  machine: { readonly subject: Path; readonly number: number },
  collected: Collected,
): void {
  const { at, mbps } = link;
  if (machine.number > 31) {
    const why = `\`${cleanText(device, 60)}\` is its port number ${machine.number + 1}: more than 32 are not read`;
    return collected.gap({ subject: machine.subject, attribute: 'nic', why, at });
  }
  const set = {
    name: cleanText(adapter.port === 1 ? device : `${device}/${adapter.port}`),
    kind: 'infiniband',
    rdma: true,
    mbps,
    guid: adapter.portGuid,
    leaf: collected.shared(leaf, at),
  };
  const subject = devicePath(machine.subject, 'nic', machine.number);
  collected.add({ kind: 'nic', subject, set, confidence: 'stated', at });
  if (mbps === undefined)
    collected.gap({ subject, attribute: 'mbps', why: 'width and speed of the link cannot be read', at });
}

/** Adapters without a cable in the file: the machine is there, its place in the fabric is not known. */
function addUnlinked(fabric: IbFabric, collected: Collected): void {
  const linked = new Set([...fabric.links.values()].flatMap(({ ends }) => ends.map(({ guid }) => guid)));
  for (const [guid, { at }] of fabric.adapters) {
    const host = hostOf(fabric.names.get(guid) ?? '');
    if (host === undefined || linked.has(guid)) continue;
    const subject = collected.machine(host.machine, at);
    const set = { hostName: cleanText(host.machine) };
    collected.add({ kind: 'node', subject, set, confidence: 'stated', at });
    const why = `its adapter \`${cleanText(host.device, 40)}\` has no link to a switch in the file`;
    collected.gap({ subject, attribute: 'nic', why, at });
  }
}
