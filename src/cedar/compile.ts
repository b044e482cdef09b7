import { z } from 'zod';

import { type Cedar, newInstance } from './instance.ts';

/** One policy of a text: its own words, and Cedar's JSON form of it. */
export type CompiledText = { readonly id: string; readonly text: string; readonly policy: unknown };

/** Text that is refused before the engine sees it: longer or nested deeper, it may spoil or stall an instance. */
const textLimit = 262_144;
const nestingLimit = 48;

const Errors = z.array(z.object({ message: z.string() }));
const Parts = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('success'),
    policies: z.array(z.string()),
    policy_templates: z.array(z.string()),
  }),
  z.object({ type: z.literal('failure'), errors: Errors }),
]);
const Json = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('success'),
    json: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }),
  }),
  z.object({ type: z.literal('failure'), errors: Errors }),
]);
const Validation = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('success'),
    validationErrors: z.array(z.object({ policyId: z.string(), error: z.object({ message: z.string() }) })),
    validationWarnings: z.array(z.object({ policyId: z.string(), error: z.object({ message: z.string() }) })),
    otherWarnings: Errors,
  }),
  z.object({ type: z.literal('failure'), errors: Errors }),
]);
const SchemaJson = z.discriminatedUnion('type', [
  z.object({ type: z.literal('success'), json: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('failure'), errors: Errors }),
]);

/** A text that is no set of policies as Berth wants them. */
export class PolicyTextError extends Error {
  override readonly name = 'PolicyTextError';
}

/**
 * Splits a text into its policies, in an instance that is thrown away. Their ids are their `@id`s: the engine itself
 * ignores those. Throws `PolicyTextError` for text that is too long, too deep, no Cedar, a template or without ids.
 */
export async function compileText(text: string): Promise<readonly CompiledText[]> {
  requireModest(text);
  const cedar = await newInstance();
  const parts = calling(() => Parts.parse(cedar.policySetTextToParts(text)));
  if (parts.type === 'failure') throw wrong(parts.errors);
  if (parts.policy_templates.length > 0) throw new PolicyTextError('templates are not supported');
  const compiled = parts.policies.map((policy) => compilePart(cedar, policy));
  const twice = compiled.find(({ id }, at) => compiled.findIndex((other) => other.id === id) !== at);
  if (twice !== undefined) throw new PolicyTextError(`the id \`${twice.id}\` is there twice`);
  return compiled;
}

/** Everything the validator has against policies under a schema. Its answer is a success either way. */
export async function faultsOf(
  policies: Readonly<Record<string, string>>,
  schema: string,
): Promise<string[]> {
  const cedar = await newInstance();
  const call = { schema, policies: { staticPolicies: policies }, validationSettings: { mode: 'strict' } };
  const answer = calling(() => Validation.parse(cedar.validate(call)));
  if (answer.type === 'failure') return answer.errors.map(({ message }) => message);
  const { validationErrors, validationWarnings, otherWarnings } = answer;
  return [
    ...[...validationErrors, ...validationWarnings].map(
      ({ policyId, error }) => `${policyId}: ${error.message}`,
    ),
    ...otherWarnings.map(({ message }) => message),
  ];
}

/** The schema in Cedar's JSON form. */
export async function schemaJson(schema: string): Promise<Record<string, unknown>> {
  const cedar = await newInstance();
  const answer = calling(() => SchemaJson.parse(cedar.schemaToJson(schema)));
  if (answer.type === 'failure') throw wrong(answer.errors);
  return answer.json;
}

function compilePart(cedar: Cedar, text: string): CompiledText {
  const answer = calling(() => Json.parse(cedar.policyToJson(text)));
  if (answer.type === 'failure') throw wrong(answer.errors);
  const id = answer.json.annotations['id'];
  if (id === undefined) throw new PolicyTextError('every policy has an `@id`');
  return { id, text, policy: answer.json };
}

function requireModest(text: string): void {
  if (text.length > textLimit) throw new PolicyTextError(`the text is longer than ${textLimit} characters`);
  let depth = 0;
  for (const sign of text) {
    if (sign === '(' || sign === '[' || sign === '{') depth += 1;
    if (sign === ')' || sign === ']' || sign === '}') depth -= 1;
    if (depth > nestingLimit)
      throw new PolicyTextError(`the text is nested deeper than ${nestingLimit} levels`);
  }
}

function wrong(errors: z.infer<typeof Errors>): PolicyTextError {
  return new PolicyTextError(errors.map(({ message }) => message).join('; '));
}

function calling<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw new PolicyTextError('the engine gave no answer', { cause });
  }
}
