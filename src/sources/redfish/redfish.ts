import type { Fact, NodeFacts, Origin } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { invalidFile, reportProgress } from '../evidence.ts';
import type { Gap } from '../gpu-reading.ts';
import { numberAt, textAt } from '../json-value.ts';
import { devicePath, machinePath, machinesOf } from '../machine.ts';
import { defaultText, machinePowerDefault } from '../netbox/power-default.ts';
import { type Findings, known, noFindings, observation } from '../observation.ts';
import { pathOf, requireSite, segmentOf } from '../path.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { type GpuDevices, readGpus } from './gpu.ts';
import { machineHealth } from './health.ts';
import { identityOf, isSimulated, type Machine, machinesIn, sizeOf } from './machine.ts';
import { readNics } from './nic.ts';
import { readPower } from './power.ts';
import { originOf, readTrees, type Resource, type ResourceTree, shortName } from './resource.ts';

/**
 * Redfish services of management controllers: saved resources (single ones, or dumps with a resource under each path), as
 * iLO, iDRAC, OpenBMC and NVIDIA's HGX write them. Facts about machines, their GPUs, NICs, power and leaks.
 */
export const redfish: Source = {
  name: 'redfish',
  title: 'Redfish resources',
  howTo:
    'berth import redfish --url https://bmc.example --token-file bmc.secret; or save resources: curl -u … https://bmc.example/redfish/v1/Systems/1 > system.json',
  parse(evidence, context) {
    const findings = noFindings();
    const trees = readTrees(evidence);
    const found = trees.map((tree) => ({ tree, ...machinesIn(tree) }));
    const machines = found.flatMap((service) => service.machines);
    if (machines.length === 0) throw withoutSystem(evidence, context, trees);
    for (const { assumptions, left } of found) noteOthers(findings, assumptions, left);
    for (const [index, machine] of machines.entries()) {
      reportProgress(context, index, machines.length);
      addMachine(machine, placeOf(machine, context, machines.length === 1), context, findings);
    }
    reportProgress(context, machines.length, machines.length);
    return observation('redfish', evidence, context, findings);
  },
};

function withoutSystem(
  evidence: readonly Evidence[],
  context: ImportContext,
  trees: readonly ResourceTree[],
) {
  const [first] = evidence;
  if (first === undefined) throw new Error('a source is called with files');
  const seen = [...new Set(trees.flatMap((tree) => tree.all).map(({ type }) => type))].filter(
    (type) => type !== '',
  );
  return invalidFile(
    first,
    `has no \`ComputerSystem\`, so the machine is not known${seen.length === 0 ? '' : `; it has ${cleanText(seen.slice(0, 5).join(', '), 160)}`}`,
    context.nodes === undefined
      ? 'hand in the system too: `/redfish/v1/Systems/…`'
      : 'hand in the system too: `--node` names it, but says nothing of what it is',
  );
}

function noteOthers(
  findings: Findings,
  assumptions: readonly string[],
  left: readonly { resource: Resource; why: string }[],
) {
  for (const assumption of assumptions) findings.assumptions.add(cleanText(assumption, 300));
  for (const { resource, why } of left)
    findings.unknown.push({
      attribute: 'machine',
      why: `\`${shortName(resource)}\`: ${why}`,
      origin: originOf(resource),
    });
}

/** The machine's path: `--node`, its host name, else a number that is its own alone. */
function placeOf(machine: Machine, context: ImportContext, isOnly: boolean): Path {
  const { evidence } = machine.system;
  const { hostName, serial, systemUuid } = identityOf(machine);
  const name = hostName ?? serial ?? systemUuid;
  const named = name === undefined ? undefined : segmentOf(name);
  if (isOnly) {
    const [path, ...others] = machinesOf(evidence, context, named);
    if (others.length === 0) return path;
    throw invalidFile(evidence, 'is about one machine', 'pass one `--node`');
  }
  if (named === undefined)
    throw invalidFile(
      evidence,
      `system \`${shortName(machine.system)}\` has neither host name nor serial number`,
      'import it alone, with `--node`',
    );
  return machinePath(evidence, context, named);
}

function addMachine(machine: Machine, subject: Path, context: ImportContext, findings: Findings): void {
  const book = new Book(findings, subject, isSimulated(machine));
  const power = readPower(machine);
  const { gaps: leakGaps, ...health } = machineHealth(machine);
  const gpus = readGpus(machine);
  const own = originOf(machine.system);
  const body = originOf(machine.main ?? machine.system);
  book.node({ ...identityOf(machine), ...health }, 'stated', own);
  book.node(sizeOf(machine), 'derived', body);
  book.node(gpus.node, 'derived', own);
  book.node(known({ nameplateW: power.usableW }), 'derived', body);
  for (const { watts, resource } of power.allocated)
    book.node({ allocatedW: watts }, 'stated', originOf(resource));
  if (power.measured !== undefined)
    book.node({ measuredW: power.measured.watts }, 'stated', originOf(power.measured.resource));
  addPlace(machine, context, book);
  addDefault(machine, power.usableW, gpus, book);
  addDevices(machine, gpus, book);
  book.gaps([...power.gaps, ...leakGaps, ...gpus.gaps], own);
  if (identityOf(machine).hostName === undefined)
    book.gaps(
      [{ attribute: 'hostName', why: 'no host name is stated: the machine is known by its numbers' }],
      own,
    );
  for (const assumption of [...power.assumptions, ...gpus.assumptions]) book.assume(assumption);
}

/** The rack, and the unit in it. A rack has a path only within a site. */
function addPlace({ main }: Machine, context: ImportContext, book: Book): void {
  const rack = textAt(main?.value, 'Location', 'Placement', 'Rack');
  if (main === undefined || rack === undefined) return;
  const origin = originOf(main);
  if (context.site === undefined)
    book.gaps(
      [{ attribute: 'rack', why: `stands in rack \`${cleanText(rack, 60)}\`; of which site is not said` }],
      origin,
    );
  else
    book.node({ rack: pathOf(requireSite(context.site, main.evidence), segmentOf(rack)) }, 'derived', origin);
  const offset = numberAt(main.value, 'Location', 'Placement', 'RackOffset');
  if (offset === undefined || offset < 1 || offset > 60 || !Number.isInteger(offset)) return;
  if (textAt(main.value, 'Location', 'Placement', 'RackOffsetUnits') === 'EIA_310') {
    book.node({ position: offset }, 'derived', origin);
    book.assume('`RackOffset` is read as the lowest unit a machine takes up, counted from the floor');
  } else
    book.gaps([{ attribute: 'position', why: `an offset of ${offset}, of what unit is not said` }], origin);
}

/** A default that the GPUs alone may pass is none. */
function addDefault(machine: Machine, usableW: number | undefined, { gpus }: GpuDevices, book: Book): void {
  const name = identityOf(machine).machine ?? '';
  const fallback = usableW === undefined ? machinePowerDefault(name) : undefined;
  if (fallback === undefined) return;
  const gpusW = gpus.reduce((sum, { stated }) => sum + (stated.powerW ?? 0), 0);
  if (gpusW >= fallback.powerW) return;
  book.node({ nameplateW: fallback.powerW }, 'assumed', originOf(machine.system));
  book.assume(defaultText(`\`${name}\``, fallback));
}

function addDevices(machine: Machine, { gpus }: GpuDevices, book: Book): void {
  for (const [number, gpu] of gpus.entries()) {
    const origin = originOf(gpu.resource);
    for (const confidence of ['stated', 'derived', 'assumed'] as const)
      book.device({ kind: 'gpu', number, set: gpu[confidence], confidence, origin });
    book.gaps(gpu.gaps, origin, devicePath(book.subject, 'gpu', number));
  }
  const { nics, gaps } = readNics(machine);
  for (const [number, nic] of nics.entries()) {
    const origin = originOf(nic.resource);
    book.device({ kind: 'nic', number, set: nic.stated, confidence: 'stated', origin });
    book.gaps(nic.gaps, origin, devicePath(book.subject, 'nic', number));
  }
  book.gaps(gaps, originOf(machine.system));
}

type Confidence = Fact['confidence'];
type DeviceFact = Pick<Extract<Fact, { kind: 'gpu' | 'nic' }>, 'kind' | 'set'> & {
  readonly number: number;
  readonly confidence: Confidence;
  readonly origin: Origin;
};

/** Takes down what is found about one machine. What a simulator says is an assumption, however it says it. */
class Book {
  readonly subject: Path;
  readonly #findings: Findings;
  readonly #isSimulated: boolean;

  constructor(findings: Findings, subject: Path, simulated: boolean) {
    this.subject = subject;
    this.#findings = findings;
    this.#isSimulated = simulated;
    if (simulated)
      this.assume(`\`${subject}\` calls itself simulated: nothing about it was seen on a machine`);
  }

  node(set: NodeFacts, confidence: Confidence, origin: Origin): void {
    this.#add({ kind: 'node', subject: this.subject, set, confidence, origin });
  }

  /** A device is there even where nothing else is known of it. */
  device({ number, ...rest }: DeviceFact): void {
    const subject = devicePath(this.subject, rest.kind, number);
    if (rest.confidence !== 'stated' && Object.keys(rest.set).length === 0) return;
    this.#findings.facts.push(this.#told({ ...rest, subject }));
  }

  gaps(gaps: readonly Gap[], origin: Origin, subject: Path = this.subject): void {
    for (const { attribute, why } of gaps)
      this.#findings.unknown.push({ subject, attribute, why: cleanText(why, 300), origin });
  }

  assume(text: string): void {
    this.#findings.assumptions.add(cleanText(text, 300));
  }

  #add(fact: Fact): void {
    if (Object.keys(fact.set).length > 0) this.#findings.facts.push(this.#told(fact));
  }

  #told(fact: Fact): Fact {
    return this.#isSimulated ? { ...fact, confidence: 'assumed' } : fact;
  }
}
