import { digestOf } from '../../model/canonical.ts';
import type { Command } from '../../model/command.ts';
import type { Outcome } from '../../model/decision.ts';
import { refuse } from '../refuse.ts';
import type { State } from '../state.ts';
import { templateFaults } from './faults.ts';

/** Records a version of a template. It is known to be good, and a version never changes: a newer one has a higher number. */
export function addTemplate(
  { templates }: State,
  { template }: Extract<Command, { kind: 'add-template' }>,
): Outcome {
  const { name, version } = template;
  const last = templates.get(name)?.at(-1)?.version ?? 0;
  if (version <= last)
    return refuse({ kind: 'template-refused', name, version, note: `version ${last} is recorded already` });
  const [fault, ...others] = templateFaults(template);
  if (fault !== undefined) {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    return refuse({ kind: 'template-refused', name, version, note: `${fault}${more}`.slice(0, 300) });
  }
  return {
    decision: { kind: 'template-added', name, version, digest: digestOf(template) },
    events: [{ kind: 'template-added', template }],
  };
}
