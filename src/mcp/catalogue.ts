import { z } from 'zod';

import { digestOf } from '../model/canonical.ts';
import type { Digest } from '../model/id.ts';
import { withOptional } from './brief.ts';
import { inputJsonSchema, type ObjectSchema, outputJsonSchema } from './json-schema.ts';
import type { Tool, ToolAnnotations } from './tool.ts';

/** A tool as `tools/list` shows it. */
export type ListedTool = {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: ToolAnnotations;
};

/** The tools as a client sees them, in their own order. Converted once: it takes longer than most calls. */
export function listTools(tools: readonly Tool[]): readonly ListedTool[] {
  const listed = known.get(tools) ?? list(tools);
  known.set(tools, listed);
  return listed;
}

/** The digest of everything a client is told about the tools: what a pinned catalogue is compared with. */
export function catalogueDigest(tools: readonly Tool[]): Digest {
  return digestOf(listTools(tools));
}

/** The digest of what a client is told about each tool. */
export function toolDigests(tools: readonly Tool[]): { name: string; digest: Digest }[] {
  return listTools(tools).map((tool) => ({ name: tool.name, digest: digestOf(tool) }));
}

const known = new WeakMap<readonly Tool[], readonly ListedTool[]>();

function list(tools: readonly Tool[]): readonly ListedTool[] {
  return tools.map(({ name, description, input, output, annotations, brief = [] }) => ({
    name,
    description,
    inputSchema: inputJsonSchema(input),
    outputSchema: withOptional(
      outputJsonSchema(z.object({ ...output.shape, ...shortened, ...output.shape })),
      brief,
    ),
    annotations,
  }));
}

/** Any answer may have been cut to fit; a view that has these keys itself keeps its own (spread last). */
const shortened = {
  truncated: z.boolean().optional().describe('cut to fit: `hints` say where'),
  hints: z.array(z.string()).optional(),
};
