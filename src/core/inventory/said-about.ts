import type { Fact, GpuFacts, NicFacts, NodeFacts, ShapeFacts } from '../../model/fact.ts';
import { type Path, parentOf } from '../../model/id.ts';
import type { Claim, Claims, SubjectKey } from './claims.ts';
import { shapeClaimOf } from './identity/known-devices.ts';

/**
 * Everything that is said about a subject, also by the shape that its machine is of: a word about the machine itself comes
 * first, but who contradicts a shape contradicts somebody.
 */
export function claimsAbout(claims: Claims, key: SubjectKey): readonly Claim[] {
  const own = claims.get(key) ?? [];
  const fact = own[0]?.fact;
  if (fact?.kind === 'node')
    return [...own, ...ofShape(claims, fact.subject, (shape) => nodeWords(fact.subject, shape))];
  if (fact?.kind !== 'gpu' && fact?.kind !== 'nic') return own;
  const node = parentOf(fact.subject);
  const number = Number(/\d+$/u.exec(fact.subject)?.[0]);
  if (node === undefined) return own;
  return [...own, ...ofShape(claims, node, (shape) => deviceWords(fact, number, shape))];
}

function ofShape(
  claims: Claims,
  node: Path,
  words: (shape: ShapeFacts) => Fact | undefined,
): readonly Claim[] {
  const said = shapeClaimOf(claims, node);
  const fact = said === undefined || said.fact.kind !== 'shape' ? undefined : words(said.fact.set);
  return said === undefined || fact === undefined ? [] : [{ ...said, fact, isOfShape: true }];
}

function nodeWords(subject: Path, shape: ShapeFacts): Fact {
  const set: NodeFacts = {};
  for (const name of [
    'cpuMilli',
    'memoryMib',
    'storageGib',
    'numaNodes',
    'link',
    'linkMbps',
    'basePowerW',
    'nameplateW',
    'units',
    'gpuCount',
  ] as const) {
    const value = name === 'gpuCount' ? shape.gpus?.length : shape[name];
    if (value !== undefined) Reflect.set(set, name, value);
  }
  return { kind: 'node', subject, set, confidence: 'stated', origin: { file: '' } };
}

function deviceWords({ kind, subject }: Fact, number: number, shape: ShapeFacts): Fact | undefined {
  const common = { subject, confidence: 'stated', origin: { file: '' } } as const;
  const gpu: GpuFacts | undefined = kind === 'gpu' ? shape.gpus?.[number] : undefined;
  if (gpu !== undefined) return { ...common, kind: 'gpu', set: gpu };
  const nic: NicFacts | undefined = kind === 'nic' ? shape.nics?.[number] : undefined;
  return nic === undefined ? undefined : { ...common, kind: 'nic', set: nic };
}
