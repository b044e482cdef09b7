import type { Caller } from '../control/control.ts';
import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import { callTool } from './call.ts';
import { type Completion, completionOf, nothing } from './completion.ts';
import { callerOf, type Link, type Served } from './exchange.ts';
import { cleanObject } from './json.ts';
import { fillPrompt, type Prompt } from './prompt.ts';
import { type Resource, resourceAt, resources } from './resource.ts';

/** A request that names what is not there, or leaves out what is needed. Each era has its own words for it. */
export class OfferFault extends Error {
  readonly uri: string | undefined;

  constructor(message: string, uri?: string) {
    super(message);
    this.name = 'OfferFault';
    this.uri = uri;
  }
}

const mimeType = 'application/json';

/** Everything to read that has one address, of what the served tools reach. */
export function resourceList({ tools }: Served) {
  const fixed = within(tools).filter(({ uri }) => !uri.includes('{'));
  return { resources: fixed.map((resource) => ({ ...wordsOf(resource), uri: resource.uri })) };
}

export function templateList({ tools }: Served) {
  const open = within(tools).filter(({ uri }) => uri.includes('{'));
  return { resourceTemplates: open.map((resource) => ({ ...wordsOf(resource), uriTemplate: resource.uri })) };
}

/** What stands at an address. Throws OfferFault where nothing does, or nothing that the caller may see. */
export async function readResource(served: Served, uri: string, link: Link) {
  const found = resourceAt(within(served.tools), uri);
  if (found === undefined) throw new OfferFault(`there is nothing at \`${cleanText(uri, 200)}\``, uri);
  const { resource, value } = found;
  const json =
    resource.content === undefined
      ? await answerOf(served, { tool: resource.tool, args: resource.args?.(value) ?? {}, uri }, link)
      : cleanObject(await resource.content(await served.control));
  return { contents: [{ uri, mimeType, text: JSON.stringify(json) }] };
}

export function promptList(served: Served) {
  const offered = offeredPrompts(served);
  return {
    prompts: offered.map(({ name, title, description, arguments: all }) => ({
      name,
      title,
      description,
      arguments: all.map(({ complete: _complete, ...argument }) => argument),
    })),
  };
}

/** A prompt with what was given put in. Throws OfferFault for an unknown one, or where something needed is missing. */
export function getPrompt(
  served: Served,
  { name, given }: { readonly name: string; readonly given: Readonly<Record<string, string>> },
) {
  const offered = offeredPrompts(served);
  const prompt = offered.find((one) => one.name === name);
  if (prompt === undefined)
    throw new OfferFault(
      `there is no prompt \`${cleanText(name, 80)}\`: use ${offered.map((one) => one.name).join(', ')}`,
    );
  const missing = prompt.arguments.find(
    (argument) => argument.required && (given[argument.name] ?? '') === '',
  );
  if (missing !== undefined) throw new OfferFault(`\`${missing.name}\` is needed: ${missing.description}`);
  const clean = Object.fromEntries(Object.entries(given).map(([key, text]) => [key, cleanText(text, 4000)]));
  const content = { type: 'text' as const, text: fillPrompt(prompt, clean) };
  return { description: prompt.description, messages: [{ role: 'user' as const, content }] };
}

export type Reference =
  | { readonly type: 'ref/prompt'; readonly name: string }
  | { readonly type: 'ref/resource'; readonly uri: string };

/** Ids for the argument of a prompt or the variable of a resource, as far as the caller may see them. */
export async function complete(
  served: Served,
  { ref, argument }: { readonly ref: Reference; readonly argument: { name: string; value: string } },
  link: Link,
): Promise<{ completion: Completion }> {
  const kind =
    ref.type === 'ref/prompt'
      ? offeredPrompts(served)
          .find(({ name }) => name === ref.name)
          ?.arguments.find(({ name }) => name === argument.name)?.complete
      : within(served.tools).find(({ uri }) => uri === ref.uri)?.complete;
  if (kind === undefined) return { completion: nothing };
  const caller: Caller = callerOf(link, 'completion');
  const control = await served.control;
  return { completion: await completionOf(kind, argument.value, { control, caller }) };
}

function within(tools: Served['tools']): readonly Resource[] {
  return resources.filter((resource) => tools.some(({ name }) => name === resource.tool));
}

function offeredPrompts({ prompts = () => [], tools }: Served): readonly Prompt[] {
  const names = new Set(tools.map(({ name }) => name));
  return prompts().filter((prompt) => prompt.tools.every((tool) => names.has(tool)));
}

function wordsOf({ name, title, description }: Resource) {
  return { name, title, description, mimeType };
}

async function answerOf(
  served: Served,
  { tool, args, uri }: { readonly tool: string; readonly args: object; readonly uri: string },
  link: Link,
) {
  const { tools, log } = served;
  const control = await served.control;
  const caller = callerOf(link, tool);
  const context = { control, caller, log, signal: link.signal, format: 'detailed' as const };
  const answer = await callTool(tools, tool, args, context);
  if (answer.ok) return answer.content;
  const { code, message, fix } = answer.error;
  if (code === 'INTERNAL') throw new BerthError(answer.error);
  throw new OfferFault(`${message}: ${fix}`, uri);
}
