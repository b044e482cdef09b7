import { z } from 'zod';

import { Digest } from './id.ts';
import { ParameterValue } from './template.ts';
import { Snapshot } from './view.ts';

const count = z.int().min(0);

/** A parameter of a template, as whoever fills it in needs it. */
export const ParameterView = z.object({
  name: z.string(),
  type: z.enum(['whole', 'seconds', 'text', 'choice', 'instant', 'flag']),
  about: z.string(),
  needed: z.boolean().describe('there is no default and it cannot be left out'),
  default: ParameterValue.optional(),
  min: count.optional(),
  max: count.optional(),
  step: count.optional().describe('only multiples of it'),
  options: z.array(z.string()).optional(),
  example: z.string().optional(),
});
export type ParameterView = z.infer<typeof ParameterView>;

export const TemplateView = z.object({
  name: z.string(),
  version: count,
  versions: z.array(count).describe('all there are'),
  title: z.string(),
  purpose: z.string(),
  origin: z.enum(['built-in', 'recorded']),
  digest: Digest,
  parameters: z.array(ParameterView),
  demand: z.record(z.string(), z.unknown()).optional().describe('with placeholders'),
});
export type TemplateView = z.infer<typeof TemplateView>;

export const TemplateList = z.object({
  snapshot: Snapshot,
  templates: z.array(TemplateView),
  total: count,
  nextCursor: z.string().optional(),
  truncated: z.boolean(),
  next: z.string().describe('how to plan one'),
});
export type TemplateList = z.infer<typeof TemplateList>;
