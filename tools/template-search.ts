import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { Cursor, Limit } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { TemplateList } from '../src/model/template-view.ts';

export const templateSearch = defineTool({
  name: 'template_search',
  description:
    'Known-good demands with few parameters: training, inference, notebooks, batch. Plan one with placement_plan ' +
    'by `template` and `parameters`.',
  input: z.strictObject({
    text: z.string().min(1).max(120).exactOptional(),
    name: z.string().min(1).max(60).exactOptional().describe('such as `fine-tune` or `fine-tune@1`'),
    limit: Limit,
    cursor: Cursor.exactOptional(),
    responseFormat: ResponseFormat.exactOptional(),
  }),
  output: TemplateList,
  annotations: reading('Search templates'),
  scope: 'berth:read',
  cuts: ['templates'],
  brief: [...briefSnapshot, 'templates[].digest', 'templates[].versions', 'templates[].demand'],
  narrow: 'name one template',
  run: (query, { control }) => control.templates(query),
});
