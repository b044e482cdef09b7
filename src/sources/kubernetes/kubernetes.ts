import { canonicalJson } from '../../model/canonical.ts';
import type { Fact, Origin } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { fileName, invalidFile, reportProgress } from '../evidence.ts';
import type { Gap } from '../gpu-reading.ts';
import { type Findings, noFindings, observation } from '../observation.ts';
import { pathOf, requireSite, segmentOf } from '../path.ts';
import type { ImportContext, Source } from '../source.ts';
import { originOf, readNode } from './node.ts';
import { type KubernetesNode, type KubernetesObjects, type NodeProfile, readObjects } from './object.ts';
import { type Place, placeOf, readSite } from './place.ts';
import { readProfile } from './simulated.ts';

/**
 * Nodes of Kubernetes clusters: what `kubectl get nodes -o json|yaml` prints, with the labels of GPU and Node
 * Feature Discovery, the AMD node labeller, topograph and the clouds, and simulated nodes (`KWOKNodeProfile`) of
 * NVIDIA AICR. Where labels and resources mislead, an attribute is left open and the reason recorded.
 */
export const kubernetes: Source = {
  name: 'kubernetes',
  title: 'Kubernetes nodes',
  howTo: 'kubectl get nodes -o json > nodes.json',
  parse(evidence, context) {
    const findings = noFindings();
    const objects = evidence.map((file) => readObjects(file));
    const subjects: Subjects = new Map();
    readNodes(objects, context, subjects, findings);
    for (const profile of objects.flatMap((found) => found.profiles))
      addProfile(profile, context, subjects, findings);
    for (const { others } of objects) noteOthers(others, findings);
    return observation('kubernetes', evidence, context, findings);
  },
};

/** Nodes already read, with what was read, to find those that stand twice in the evidence. */
type Subjects = Map<Path, { readonly origin: Origin; readonly facts: readonly Fact[] }>;

function readNodes(
  objects: readonly KubernetesObjects[],
  context: ImportContext,
  subjects: Subjects,
  findings: Findings,
): void {
  const nodes = objects.flatMap((found) => found.nodes);
  const sites = new Map<Path, KubernetesNode[]>();
  const surroundings = new Map<string, Fact>();
  for (const [index, node] of nodes.entries()) {
    if (index % 256 === 0) reportProgress(context, index, nodes.length);
    const place = placeOf(node, context.site);
    const reading = readNode(node, place);
    if (!isNew(subjects, node, place.node, reading.facts)) continue;
    findings.facts.push(...reading.facts);
    addGaps(findings, place.node, originOf(node), reading.gaps);
    for (const assumption of reading.assumptions) findings.assumptions.add(assumption);
    for (const fact of surroundingsOf(place, node)) addSurrounding(surroundings, fact);
    const members = sites.get(place.site);
    if (members === undefined) sites.set(place.site, [node]);
    else members.push(node);
  }
  findings.facts.push(...surroundings.values());
  for (const [site, members] of sites) addSite(site, members, findings);
  reportProgress(context, nodes.length, nodes.length);
}

/** Halls, racks and leafs that nodes name: they are there, and nothing more is known about them. */
function surroundingsOf({ hall, rack, leaf }: Place, node: KubernetesNode): Fact[] {
  const about = { confidence: 'derived', origin: originOf(node) } as const;
  return [
    ...(hall === undefined ? [] : [{ ...about, kind: 'hall', subject: hall, set: {} } as const]),
    ...(rack === undefined ? [] : [{ ...about, kind: 'rack', subject: rack, set: {} } as const]),
    ...(leaf === undefined ? [] : [{ ...about, kind: 'leaf', subject: leaf.id, set: leaf.facts } as const]),
  ];
}

function addSurrounding(surroundings: Map<string, Fact>, fact: Fact): void {
  const key = canonicalJson([fact.kind, fact.subject, fact.set]);
  const known = surroundings.get(key);
  if (known === undefined || isBefore(fact.origin, known.origin)) surroundings.set(key, fact);
}

function isBefore(a: Origin, b: Origin): boolean {
  return a.file === b.file && (a.line ?? 0) < (b.line ?? 0);
}

/** The same node twice, saying the same, is one; saying something else, nobody can tell which one is right. */
function isNew(
  subjects: Subjects,
  node: Pick<KubernetesNode, 'name' | 'evidence' | 'line'>,
  id: Path,
  facts: readonly Fact[],
): boolean {
  const first = subjects.get(id);
  if (first === undefined) {
    subjects.set(id, { origin: originOf(node), facts });
    return true;
  }
  if (said(first.facts) === said(facts)) return false;
  const where = first.origin.line === undefined ? '' : ` line ${first.origin.line}`;
  throw invalidFile(
    node.evidence,
    `node \`${cleanText(node.name, 100)}\` differs from the one in \`${first.origin.file}\`${where}`,
    'import one state of one cluster at a time; clusters with equal node names need different `--site`s',
    node.line === undefined ? {} : { line: node.line },
  );
}

function said(facts: readonly Fact[]): string {
  return canonicalJson(facts.map(({ set, confidence }) => [confidence, set]));
}

function addGaps(findings: Findings, subject: Path, origin: Origin, gaps: readonly Gap[]): void {
  for (const { attribute, why } of gaps)
    findings.unknown.push({ subject, attribute, why: cleanText(why, 300), origin });
}

function addSite(site: Path, nodes: readonly KubernetesNode[], findings: Findings): void {
  const [first] = nodes;
  if (first === undefined) return;
  const { stated, derived, gap } = readSite(nodes);
  const about = { kind: 'site', subject: site, origin: { file: fileName(first.evidence) } } as const;
  findings.facts.push({ ...about, set: stated, confidence: 'stated' });
  if (Object.keys(derived).length > 0) findings.facts.push({ ...about, set: derived, confidence: 'derived' });
  if (gap !== undefined) addGaps(findings, site, about.origin, [{ attribute: 'country', why: gap }]);
}

function addProfile(
  profile: NodeProfile,
  { site }: ImportContext,
  subjects: Subjects,
  findings: Findings,
): void {
  if (site === undefined)
    throw invalidFile(
      profile.evidence,
      `the simulated node \`${cleanText(profile.name, 80)}\` belongs to no site`,
      'pass `--site`, such as `--site lab1`',
    );
  const root = requireSite(site, profile.evidence);
  const subject = pathOf(root, segmentOf(profile.name));
  const { set, gaps, assumptions } = readProfile(profile);
  const origin = originOf(profile);
  const fact: Fact = { kind: 'node', subject, set, confidence: 'assumed', origin };
  if (!isNew(subjects, profile, subject, [fact])) return;
  findings.facts.push(fact);
  addGaps(findings, subject, origin, gaps);
  for (const assumption of assumptions) findings.assumptions.add(assumption);
}

function noteOthers(others: ReadonlyMap<string, number>, findings: Findings): void {
  for (const [kind, count] of others)
    findings.assumptions.add(
      `${count} objects of kind \`${cleanText(kind, 60)}\` are not nodes and were not read`,
    );
}
