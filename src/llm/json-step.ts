import { z } from 'zod';

import { cleanText } from '../model/text.ts';

/** How a model is asked to say which tools it wants: by calls of the protocol, or by JSON that is asked for so firmly. */
export type CallStyle = 'tools' | JsonForm;

/** By a JSON schema that the server enforces, as some JSON object, or in plain words. The firmest first. */
export const jsonForms = ['schema', 'object', 'text'] as const;
export type JsonForm = (typeof jsonForms)[number];

/** One step of a model that cannot call tools: calls, a reply, or both. */
export type JsonStep = {
  readonly calls: readonly { readonly tool: string; readonly arguments: Record<string, unknown> }[];
  readonly reply: string;
};

const mostCalls = 8;

const Step = z
  .strictObject({
    calls: z
      .array(
        z.strictObject({
          tool: z.string().min(1).max(60),
          arguments: z.record(z.string(), z.unknown()).default({}),
        }),
      )
      .max(mostCalls)
      .default([]),
    reply: z.string().default(''),
  })
  .refine(({ calls, reply }) => calls.length > 0 || reply.trim() !== '', {
    error: 'has neither a call nor a reply',
  });

/** Reads a step, or says what is wrong with it in words for the model. */
export function readStep(text: string): JsonStep | { readonly problem: string } {
  const value = jsonIn(text);
  if (value === undefined) return { problem: 'That was not one JSON object.' };
  const parsed = Step.safeParse(value);
  return parsed.success
    ? parsed.data
    : { problem: `That JSON is wrong: ${cleanText(z.prettifyError(parsed.error), 300)}.` };
}

/** The JSON in an answer: alone, between code fences, or with words around it. Thoughts of a model are no answer. */
function jsonIn(text: string): unknown {
  const said = text.replace(/^\s*<think>[\s\S]*?<\/think>/u, '').trim();
  const fencedPart = /```(?:json)?\s*\n([\s\S]*?)\n?```/u.exec(said)?.[1];
  const braces = said.slice(said.indexOf('{'), said.lastIndexOf('}') + 1);
  for (const part of [said, fencedPart, braces]) {
    const value = part === undefined ? undefined : parsedObject(part);
    if (value !== undefined) return value;
  }
  return undefined;
}

function parsedObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the endpoint is told about the form; nothing where it enforces none. `tools` are the names that may be called. */
export function responseFormat(form: JsonForm, tools: readonly string[]) {
  if (form === 'text') return undefined;
  if (form === 'object') return { type: 'json_object' as const };
  return {
    type: 'json_schema' as const,
    json_schema: { name: 'step', schema: stepSchema(tools) },
  };
}

/** Arguments are any object there: each tool has its own schema, and the tool itself checks it. */
function stepSchema(tools: readonly string[]): Record<string, unknown> {
  const call = {
    type: 'object',
    properties: { tool: { type: 'string', enum: tools }, arguments: { type: 'object' } },
    required: ['tool', 'arguments'],
    additionalProperties: false,
  };
  return {
    type: 'object',
    properties: { calls: { type: 'array', items: call, maxItems: mostCalls }, reply: { type: 'string' } },
    additionalProperties: false,
  };
}

/** Whether a server refused the form that was asked for, and not the request as such. */
export function refusesForm(status: number | undefined): boolean {
  return status !== undefined && [400, 415, 422, 501].includes(status);
}
