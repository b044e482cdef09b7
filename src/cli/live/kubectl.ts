import type { SourceName } from '../../model/fact.ts';
import type { Evidence } from '../../sources/source.ts';
import type { Io } from '../io.ts';
import { lineOf, outputOf } from './command.ts';

/** What each source reads of a cluster, in the words of kubectl. */
const resources: ReadonlyMap<SourceName, string> = new Map([
  ['kubernetes', 'nodes'],
  ['dra', 'resourceslices.resource.k8s.io'],
]);

/** Whether a source can be read from a cluster. */
export function readsClusters(source: SourceName): boolean {
  return resources.has(source);
}

/**
 * What the user's own `kubectl` reads from the cluster of one of their contexts, with their rights. Only ever `get`.
 * Throws as `outputOf` does.
 */
export async function askCluster(io: Io, source: SourceName, context: string): Promise<Evidence> {
  const resource = resources.get(source);
  if (resource === undefined) throw new Error(`${source} is not read from clusters`);
  // One word with `=`, so that no context can be taken for an option.
  const asked = {
    program: 'kubectl',
    args: [`--context=${context}`, '--request-timeout=60s', 'get', resource, '-o', 'json'],
  };
  return { file: lineOf(asked), bytes: await outputOf(io, asked) };
}
