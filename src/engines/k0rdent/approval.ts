import { z } from 'zod';

import { cleanText, compareText } from '../../model/text.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import type { Answer } from '../port.ts';

const Named = z.looseObject({ name: z.string() });
const Item = z.looseObject({
  kind: z.string(),
  metadata: Named,
  spec: z.looseObject({ supportedTemplates: z.array(Named).default([]) }).optional(),
  status: z
    .looseObject({ valid: z.boolean().optional(), validationError: z.string().default('') })
    .optional(),
});
type Item = z.infer<typeof Item>;
const Listed = z.looseObject({ items: z.array(Item) });
const group = 'k0rdent.mirantis.com';

/**
 * Whether a ClusterTemplate may be used: it stands in a ClusterTemplateChain of its namespace, by which k0rdent hands out what
 * its operators have released, and k0rdent found it valid. Anything else is refused, with those that may be.
 */
export async function approvalOf(kubectl: Kubectl, namespace: string, template: string): Promise<Answer> {
  const kinds = `clustertemplates.${group},clustertemplatechains.${group}`;
  const said = await kubectl(['get', kinds, '-n', namespace, '-o', 'json']);
  if (said.kind !== 'done') return said;
  const listed = Listed.safeParse(jsonOf(said.stdout));
  if (!listed.success) return { kind: 'refused', why: 'the list of ClusterTemplates cannot be read' };
  const { items } = listed.data;
  const why = objection(items, template);
  if (why === undefined) return { kind: 'done' };
  const approved = items
    .filter((item) => item.kind === 'ClusterTemplate' && objection(items, item.metadata.name) === undefined)
    .map((item) => item.metadata.name)
    .toSorted(compareText);
  const others = approved.length === 0 ? 'none is' : `approved are ${approved.slice(0, 5).join(', ')}`;
  return {
    kind: 'refused',
    why: cleanText(`\`${template}\` is no approved ClusterTemplate of ${namespace}: ${why}; ${others}`, 300),
  };
}

function objection(items: readonly Item[], name: string): string | undefined {
  const template = items.find((item) => item.kind === 'ClusterTemplate' && item.metadata.name === name);
  if (template === undefined) return 'it is not there';
  const { valid, validationError = '' } = template.status ?? {};
  if (valid !== true) return `it is not valid${validationError === '' ? '' : `, ${validationError}`}`;
  const isReleased = items.some(
    ({ kind, spec, status }) =>
      kind === 'ClusterTemplateChain' &&
      status?.valid !== false &&
      spec?.supportedTemplates.some((one) => one.name === name) === true,
  );
  return isReleased ? undefined : 'no ClusterTemplateChain there names it';
}

const Region = z.looseObject({
  status: z
    .looseObject({
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .optional(),
});

/** Whether a Region is there and ready: a cluster is not begun where nobody can finish it. */
export async function regionOf(kubectl: Kubectl, name: string): Promise<Answer> {
  const said = await kubectl(['get', `regions.${group}`, name, '-o', 'json']);
  if (said.kind !== 'done') return said;
  const { status } = Region.parse(jsonOf(said.stdout) ?? {});
  const ready = status?.conditions.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return { kind: 'done' };
  const why = ready === undefined ? 'k0rdent has not said so' : ready.message;
  return { kind: 'refused', why: cleanText(`the Region \`${name}\` is not ready: ${why}`, 300) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
