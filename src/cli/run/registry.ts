import { tools } from '../../../tools/index.ts';
import { catalogueDigest, toolDigests } from '../../mcp/catalogue.ts';
import { RegisteredModel } from '../../model/authority.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { record } from './record.ts';

/** Agents, models and tools that are known, and how the tools of this version compare with them. */
export async function listRegistry(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const { principals, models, catalogues } = await control.authority(caller);
    const agents = principals.flatMap(({ principal }) => (principal.kind === 'agent' ? [principal] : []));
    const own = catalogueDigest(tools);
    const isPinned = catalogues.some(({ digest }) => digest === own);
    const lines = [
      ...agents.map(({ id, digest, models: on }) => {
        const runs = on === undefined ? '' : `, runs on ${on.join(' or ')}`;
        return `agent ${id}  ${digest ?? 'any software'}${runs}`;
      }),
      ...models.map(({ name, digest }) => `model ${name}  ${digest ?? 'any digest'}`),
      ...catalogues.map(({ digest, tools: listed }) => `tools ${digest}  ${listed.length} tools`),
      `tools of this version  ${own}, ${catalogues.length === 0 ? 'nothing is pinned' : isPinned ? 'registered' : 'NOT registered'}`,
    ];
    print(io, options.json, { kind: 'text', lines }, { agents, models, catalogues, tools: own, isPinned });
    return 0;
  });
}

export async function addModel(
  io: Io,
  name: string,
  options: Common & { readonly digest?: string },
): Promise<number> {
  const model = parsed(RegisteredModel, { name, digest: options.digest });
  return record(io, options, { kind: 'register-model', model });
}

/** Pins the tools that this version shows, each with its digest. */
export async function pinTools(io: Io, options: Common): Promise<number> {
  const catalogue = { digest: catalogueDigest(tools), tools: toolDigests(tools) };
  return record(io, options, { kind: 'register-tools', catalogue });
}
