import type { Client } from '@modelcontextprotocol/sdk/client/index.js';

/** A tool as a model is told of it. */
export type OfferedTool = {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object, as the server listed it. */
  readonly inputSchema: Record<string, unknown>;
  readonly isReading: boolean;
};

type Listed = {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: object;
  readonly annotations?: { readonly readOnlyHint?: boolean | undefined } | undefined;
};

/** The tools of an MCP server, all pages of them. */
export async function toolsOf(client: Pick<Client, 'listTools'>): Promise<readonly OfferedTool[]> {
  const found: OfferedTool[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor });
    found.push(...page.tools.map(offered));
    cursor = page.nextCursor;
  } while (cursor !== undefined && found.length < mostTools);
  return found;
}

/** A server that pages for ever is not followed for ever. */
const mostTools = 200;

/** What does not say that it only reads is taken to write. */
export function offered({ name, description = '', inputSchema, annotations }: Listed): OfferedTool {
  return {
    name,
    description,
    inputSchema: { ...inputSchema },
    isReading: annotations?.readOnlyHint === true,
  };
}
