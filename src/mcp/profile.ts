import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { EventStore } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type {
  CallToolResult,
  ListToolsRequest,
  ListToolsResult,
  ServerNotification,
  ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import type {
  CallToolRequest as ModernCall,
  CallToolResult as ModernCallResult,
  InputRequiredResult,
  ListToolsResult as ModernList,
  Server,
  ServerContext,
  ServerEventBus,
  ServerOptions,
} from '@modelcontextprotocol/server';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** What a server of the handshake era answers itself. */
export type LegacyOwn = {
  readonly list: (request: ListToolsRequest, extra: Extra) => ListToolsResult;
  readonly call: (
    request: { params: { name: string; arguments?: unknown } },
    extra: Extra,
  ) => Promise<CallToolResult>;
};

/** What a server of the stateless era answers itself. */
export type ModernOwn = {
  readonly list: () => ModernList;
  readonly call: (
    request: ModernCall,
    context: ServerContext,
  ) => Promise<ModernCallResult | InputRequiredResult>;
};

/** What a server serves beside our own tools, so that a suite of tests finds what it looks for. */
export type Profile = {
  readonly legacy: (mcp: McpServer, own: LegacyOwn) => void;
  readonly modern: (server: Server, own: ModernOwn) => void;
  /** Checks the state that a client of the stateless era brings back. */
  readonly state: NonNullable<ServerOptions['requestState']>;
  /** Where changes of lists are told. */
  readonly bus: ServerEventBus;
  /** What a client missed while its stream was gone. */
  readonly streams: () => { readonly eventStore: EventStore; readonly retryInterval: number };
};
