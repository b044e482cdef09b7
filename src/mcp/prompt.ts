import { parse } from 'yaml';
import { z } from 'zod';

import type { CompletionKind } from './completion.ts';

/** A task that a person starts by name, such as a slash command. Its text is written for a model. */
export type Prompt = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  /** What it tells the model to call: without all of them it is not offered. */
  readonly tools: readonly string[];
  readonly text: string;
};

type PromptArgument = {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly complete?: CompletionKind | undefined;
};

/** What stands for an argument that was not given. */
const notGiven = 'not said';

/** A prompt as it stands in its file: a head in YAML and its text. Throws where the two do not fit. */
export function readPrompt(name: string, file: string): Prompt {
  const [, head = '', text = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(file) ?? [];
  const prompt = { name, ...Head.parse(parse(head)), text: text.trim() };
  const named = new Set([...text.matchAll(/\{\{([a-z]+)\}\}/g)].map(([, word]) => word));
  const known = new Set(prompt.arguments.map((argument) => argument.name));
  if (text.trim() === '' || named.symmetricDifference(known).size > 0)
    throw new Error(`prompt ${name}: its text does not use exactly its arguments`);
  return prompt;
}

/** The text with what was given. A value is put in once and never read for more. */
export function fillPrompt({ text }: Prompt, given: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{([a-z]+)\}\}/g, (_mark, name: string) =>
    Object.hasOwn(given, name) && given[name] !== '' ? (given[name] ?? notGiven) : notGiven,
  );
}

const Head = z.strictObject({
  title: z.string().min(1),
  description: z.string().min(1),
  tools: z.array(z.string()).min(1),
  arguments: z.array(
    z.strictObject({
      name: z.string().regex(/^[a-z]+$/),
      description: z.string().min(1),
      required: z.boolean().default(false),
      complete: z.enum(['tenant', 'site', 'contract', 'template']).optional(),
    }),
  ),
});
