import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { type Prompt, readPrompt } from '../mcp/prompt.ts';

const names = ['request_capacity', 'why_rejected', 'capacity_review', 'incident_impact', 'audit_trail'];

/** The prompts that are served, as they stand in `prompts/`. */
export function readPrompts(): readonly Prompt[] {
  return names.map((name) =>
    readPrompt(name, readFileSync(fileURLToPath(import.meta.resolve(`#prompts/${name}.md`)), 'utf8')),
  );
}
