import type { NodeFacts, Origin } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { DeviceTable } from '../device-table.ts';
import { fileName, invalidFile, readText, reportProgress } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import { machinePath, machinesOf } from '../machine.ts';
import { type Findings, noFindings, observation } from '../observation.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { readAnswer } from './answer.ts';
import { dcgmMetrics, readDcgmGpu } from './dcgm-gpu.ts';
import type { Sample } from './sample.ts';
import { readExposition } from './text.ts';

/**
 * What dcgm-exporter says of GPUs, as Prometheus has it: the text that an exporter serves, and answers of the query API.
 * Hosts come from the label `Hostname`, GPUs from `gpu`; where several files speak of one GPU, the last sample counts.
 */
export const prometheus: Source = {
  name: 'prometheus',
  title: 'Prometheus metrics of GPUs',
  howTo: `curl -s http://n01:9400/metrics > n01.prom; or berth import prometheus --url http://prometheus:9090`,
  parse(evidence, context) {
    const findings = noFindings();
    const samples = evidence.flatMap((file) => samplesOf(file, findings));
    const gpus = samples.filter(({ name, labels }) => name.startsWith('DCGM_') && labels.has('gpu'));
    refuseNothing(evidence, samples, gpus);
    addHosts(findings, gpus, context);
    noteOthers(findings, samples, gpus);
    return observation('prometheus', evidence, context, findings);
  },
};

/** An answer without GPUs is a wrong query or a wrong address: it must not look like a fleet without news. */
function refuseNothing(
  [first]: readonly Evidence[],
  samples: readonly Sample[],
  gpus: readonly Sample[],
): void {
  if (first === undefined || gpus.length > 0) return;
  throw invalidFile(
    first,
    `has ${samples.length === 0 ? 'no samples' : 'no samples of GPUs in dcgm-exporter'}`,
    'ask for `{__name__=~"DCGM_.+"}`, and check that Prometheus scrapes dcgm-exporter',
  );
}

export function samplesOf(evidence: Evidence, findings: Findings): readonly Sample[] {
  const text = readText(evidence);
  if (/^\s*\{/u.test(text) && /"status"\s*:/u.test(text.slice(0, 4096))) {
    const { samples, warnings } = readAnswer(evidence, text);
    for (const warning of warnings) findings.assumptions.add(`Prometheus warns: ${warning}`);
    return samples;
  }
  if (
    /^\s*(?:[A-Za-z_:][A-Za-z0-9_:]*[ \t]*(?:\{|[ \t][^\s=]+\s*$)|# (?:HELP|TYPE) )/mu.test(
      text.slice(0, 65_536),
    )
  )
    return readExposition(evidence, text);
  throw wrongFormat(
    evidence,
    text,
    'prometheus',
    'the text that dcgm-exporter serves under `/metrics`, or an answer of `/api/v1/query`',
  );
}

function addHosts(findings: Findings, samples: readonly Sample[], context: ImportContext): void {
  const byHost = Map.groupBy(samples, hostOf);
  const machines = [...byHost].flatMap(([host, own]) => {
    const [first] = own;
    return first === undefined ? [] : [{ path: machineOf(host, first.evidence, context), own }];
  });
  for (const [index, { path, own }] of machines.toSorted((a, b) => compareText(a.path, b.path)).entries()) {
    if (index % 256 === 0) reportProgress(context, index, machines.length);
    addMachine(findings, path, own, context.observedAtMs);
  }
  reportProgress(context, machines.length, machines.length);
}

const hostLabels = ['Hostname', 'hostname', 'exported_Hostname', 'node', 'kubernetes_node'];

/** `instance` is the address of the exporter, in a pod its own: no name of a machine. */
export function hostOf({ labels }: Sample): string | undefined {
  return hostLabels.map((name) => labels.get(name)).find((value) => value !== undefined && value !== '');
}

function machineOf(host: string | undefined, evidence: Evidence, context: ImportContext): Path {
  return host === undefined
    ? machinesOf(evidence, context, undefined)[0]
    : machinePath(evidence, context, host);
}

function originOf({ evidence, line }: Sample): Origin {
  return { file: fileName(evidence), ...(line === undefined ? {} : { line }) };
}

function addMachine(findings: Findings, path: Path, samples: readonly Sample[], observedAtMs: number): void {
  const devices = new DeviceTable();
  let hasMig = false;
  const byGpu = Map.groupBy(samples, ({ labels }) => labels.get('gpu') ?? '');
  for (const [gpu, own] of [...byGpu].toSorted(([a], [b]) => Number(a) - Number(b))) {
    const isNumber = /^\d{1,4}$/u.test(gpu);
    if (isNumber) hasMig = addGpu(findings, devices, { number: Number(gpu), own, observedAtMs }) || hasMig;
    else addOdd(findings, path, gpu, own);
  }
  addNode(findings, path, samples, hasMig);
  findings.facts.push(...devices.facts(path));
  for (const { subject, gap, origin } of devices.gaps(path))
    findings.unknown.push({ subject, attribute: gap.attribute, why: cleanText(gap.why, 300), origin });
}

function addGpu(
  findings: Findings,
  devices: DeviceTable,
  {
    number,
    own,
    observedAtMs,
  }: { readonly number: number; readonly own: readonly Sample[]; readonly observedAtMs: number },
): boolean {
  const [first] = own;
  if (first === undefined) return false;
  // Every card that the number stands for: the table refuses a second one.
  const cards = [...Map.groupBy(own, ({ labels }) => labels.get('UUID') ?? labels.get('uuid')).values()];
  const reading = readDcgmGpu(own, observedAtMs);
  for (const samples of cards) {
    const { stated } = cards.length === 1 ? reading : readDcgmGpu(samples, observedAtMs);
    const one = samples[0] ?? first;
    devices.say('gpu', number, stated, {
      confidence: 'stated',
      origin: originOf(one),
      evidence: one.evidence,
    });
  }
  const origin = originOf(first);
  devices.say('gpu', number, reading.derived, { confidence: 'derived', origin, evidence: first.evidence });
  for (const gap of reading.gaps) devices.miss('gpu', number, gap, origin);
  for (const assumption of reading.assumptions) findings.assumptions.add(assumption);
  return reading.hasMig;
}

function addOdd(findings: Findings, subject: Path, gpu: string, [first]: readonly Sample[]): void {
  if (first === undefined) return;
  const why = `the label gpu is \`${cleanText(gpu, 40)}\`: no number`;
  findings.unknown.push({ subject, attribute: 'gpus', why, origin: originOf(first) });
}

/** A query may leave GPUs out, so how many there are is not said. */
function addNode(findings: Findings, subject: Path, samples: readonly Sample[], hasMig: boolean): void {
  const [first] = samples;
  if (first === undefined) return;
  const host = hostOf(first);
  const drivers = new Set(
    samples.flatMap(
      ({ labels }) =>
        labels.get('DCGM_FI_DRIVER_VERSION') ?? labels.get('DCGM_FI_SYSTEM_DRIVER_VERSION') ?? [],
    ),
  );
  const [driver] = drivers;
  const set: NodeFacts = {
    ...(host === undefined ? {} : { hostName: cleanText(host) }),
    ...(driver === undefined || drivers.size > 1 ? {} : { driver: cleanText(driver, 60) }),
  };
  const about = { kind: 'node', subject, origin: originOf(first) } as const;
  findings.facts.push({ ...about, set, confidence: 'stated' });
  if (hasMig) findings.facts.push({ ...about, set: { sharing: 'mig-mixed' }, confidence: 'derived' });
}

function noteOthers(findings: Findings, samples: readonly Sample[], gpus: readonly Sample[]): void {
  const unread = new Set(gpus.flatMap(({ name }) => (dcgmMetrics.has(name) ? [] : [name])));
  if (unread.size > 0)
    findings.assumptions.add(
      cleanText(`metrics not read: ${[...unread].toSorted(compareText).join(', ')}`, 300),
    );
  const others = samples.length - gpus.length;
  if (others > 0)
    findings.assumptions.add(`${others} samples are not of GPUs in dcgm-exporter and were not read`);
}
