import { z } from 'zod';

import { Digest } from './id.ts';

const about = z.string().min(1).max(200).describe('what it means, for whoever fills it in');
const optional = z.literal(true).optional().describe('what it stands for is left out where nothing is said');
const word = z.string().min(1).max(200);

/** One thing that is left open in a template. Without a default, and not optional, it has to be said. */
export const Parameter = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.enum(['whole', 'seconds']),
    about,
    min: z.int().min(0),
    max: z.int().min(0).max(1_000_000_000_000),
    step: z.int().min(1).optional().describe('only multiples of it'),
    default: z.int().min(0).optional(),
    optional,
  }),
  z.strictObject({
    type: z.literal('text'),
    about,
    example: word.describe('a value that makes the demand a good one: templates are checked with it'),
    default: word.optional(),
    optional,
  }),
  z.strictObject({
    type: z.literal('choice'),
    about,
    options: z.array(word).min(1).max(32),
    default: word.optional(),
    optional,
  }),
  z.strictObject({
    type: z.literal('instant'),
    about,
    default: z.literal('now').optional(),
    optional,
  }),
  z.strictObject({ type: z.literal('flag'), about, default: z.boolean() }),
]);
export type Parameter = z.infer<typeof Parameter>;

export const TemplateName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,40}$/, 'a template has a name such as `fine-tune`');
const ParameterName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,40}$/, 'a parameter has a name such as `gpus` or `durationS`');

/**
 * A known-good demand with a few parameters. In `demand`, `{ $param: gpus }` stands for a value, `{ $param: gpus,
 * dividedBy: 8 }` for a part of it, and `{ $key: region, value: … }` for an object with that one key. They are put in as
 * values and never read as text, so that no value can become anything else of the demand.
 */
export const Template = z.strictObject({
  schema: z.literal('berth/template/1'),
  name: TemplateName,
  version: z.int().min(1).max(1_000_000),
  title: z.string().min(1).max(80),
  purpose: z.string().min(1).max(400).describe('what it is for, and what it is not for'),
  parameters: z
    .record(ParameterName, Parameter)
    .refine((all) => Object.keys(all).length <= 24, 'at most 24 parameters'),
  demand: z.record(z.string(), z.json()),
});
export type Template = z.infer<typeof Template>;

/** `{ $param: gpus }`: the value of a parameter, or with `dividedBy` a part of it. */
export const Placeholder = z.strictObject({ $param: ParameterName, dividedBy: z.int().min(2).optional() });
export type Placeholder = z.infer<typeof Placeholder>;

/** `{ $key: region, value: … }`: an object whose one key is the value of a parameter. */
export const KeyedPlaceholder = z.strictObject({ $key: ParameterName, value: z.json() });
export type KeyedPlaceholder = z.infer<typeof KeyedPlaceholder>;

export const ParameterValue = z.union([z.string().max(200), z.number(), z.boolean()]);
export type ParameterValue = z.infer<typeof ParameterValue>;

/** Which template a plan was made from, and with what. */
export const TemplateUse = z.strictObject({
  name: TemplateName,
  version: z.int().min(1),
  digest: Digest,
  parameters: z.record(ParameterName, ParameterValue).describe('with what was taken by default'),
});
export type TemplateUse = z.infer<typeof TemplateUse>;
