import { stringify } from 'yaml';

import type { EngineObject } from '../../model/binding.ts';

/** One file for `kubectl apply`: a document an object, no anchors, no folded lines. */
export function yamlOf(objects: readonly EngineObject[]): string {
  return objects
    .map(({ body }) => stringify(body, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}
