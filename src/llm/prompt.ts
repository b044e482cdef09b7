import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { digestOf } from '../model/canonical.ts';
import type { Digest } from '../model/id.ts';

/** What a model is told before anything else, and its digest, which stands in the entries of what came of it. */
export type Prompt = { readonly text: string; readonly digest: Digest };

/** The system prompt, as it stands in `prompts/chat_agent.md`. */
export function readPrompt(): Prompt {
  const text = readFileSync(fileURLToPath(import.meta.resolve('#prompts/chat_agent.md')), 'utf8');
  return { text, digest: digestOf(text) };
}

/** What a model that cannot call tools is told besides, as it stands in `prompts/json_calls.md`. */
export function readJsonPrompt(): string {
  return readFileSync(fileURLToPath(import.meta.resolve('#prompts/json_calls.md')), 'utf8').trimEnd();
}
