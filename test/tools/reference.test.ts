import { expect, test } from 'vitest';

import { readPrompts } from '../../src/cli/prompts.ts';
import { listTools } from '../../src/mcp/catalogue.ts';
import { resources } from '../../src/mcp/resource.ts';
import { toolsets, toolsOf } from '../../src/mcp/toolset.ts';
import { tools } from '../../tools/index.ts';

function setOf(name: string): string {
  const sets = toolsets.filter((set) =>
    toolsOf(tools, { sets: [set], readOnly: false }).some((tool) => tool.name === name),
  );
  return sets.join(', ');
}

/** What `tools/README.md` has to say: it is made from the code, and `vitest run -u` writes it. */
function reference(): string {
  const listed = new Map(listTools(tools).map((tool) => [tool.name, tool]));
  const sections = tools.map(({ name, description, annotations, scope, input }) => {
    const required = listed.get(name)?.inputSchema['required'];
    const needed = Array.isArray(required) ? required : [];
    const keys = Object.keys(input.shape).map(
      (key) => `\`${key}\`${needed.includes(key) ? ' (needed)' : ''}`,
    );
    const kind = annotations.readOnlyHint
      ? 'reads'
      : 'writes, with a key; asks for a confirmation in most hosts';
    return [
      `## ${name}`,
      `${annotations.title}: ${kind}. Toolset \`${setOf(name)}\`, scope \`${scope}\`.`,
      description,
      `Takes ${keys.join(', ')}.`,
    ].join('\n\n');
  });
  return [
    '# Tools, resources and prompts of `berth mcp`',
    'Made from the code by `test/tools/reference.test.ts`; do not edit.',
    ...sections,
    '## Resources',
    resources
      .map(({ uri, description, tool }) => `- \`${uri}\`: ${description} For callers of ${tool}.`)
      .join('\n'),
    '## Prompts',
    readPrompts()
      .map(
        (prompt) =>
          `- \`${prompt.name}\` (${prompt.arguments.map(({ name, required }) => `${name}${required ? ' (needed)' : ''}`).join(', ')}): ${prompt.description}.`,
      )
      .join('\n'),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

test('the reference says what the code says', async () => {
  await expect(reference()).toMatchFileSnapshot('../../tools/README.md');
});
