/**
 * What the conformance suite of MCP asks any server for by fixed names (its scenarios describe each). Nothing here
 * has anything to do with fleets: it shows that our transports, sessions and adapters carry what the protocol knows.
 */

/** One dark blue pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGgAAACEAIHJde6SAAAAAElFTkSuQmCC';
/** One sample of silence. */
const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==';

const image = { type: 'image' as const, data: png, mimeType: 'image/png' };
const said = (text: string) => ({ type: 'text' as const, text });
const embedded = (uri: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType: 'text/plain', text: 'an embedded resource' },
});

const noArguments = { type: 'object' as const };

/** A tool as it is listed. */
export function listed(name: string, properties: Record<string, { type: string }> = {}) {
  const inputSchema = { ...noArguments, properties, required: Object.keys(properties) };
  return { name, description: `Fixture of the conformance suite: ${name}.`, inputSchema };
}

/** Everything of JSON Schema 2020-12 that must reach a client unchanged (SEP-1613, SEP-2106). */
const wholeSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object' as const,
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // oxlint-disable-next-line no-thenable
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

/** Tools that answer the same each time, in both eras. */
export const plainTools = {
  test_simple_text: { content: [said('a simple text')] },
  test_image_content: { content: [image] },
  test_audio_content: { content: [{ type: 'audio' as const, data: wav, mimeType: 'audio/wav' }] },
  test_embedded_resource: { content: [embedded('test://embedded-resource')] },
  test_multiple_content_types: {
    content: [said('three kinds'), image, embedded('test://mixed-content-resource')],
  },
  test_error_handling: { isError: true, content: [said('this tool always fails')] },
  json_schema_2020_12_tool: { content: [said('called')] },
};

export const plainList = Object.keys(plainTools).map((name) =>
  name === 'json_schema_2020_12_tool' ? { ...listed(name), inputSchema: wholeSchema } : listed(name),
);

export const resources = [
  { uri: 'test://static-text', name: 'static-text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static-binary', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched-resource', mimeType: 'text/plain' },
];

export const resourceTemplates = [
  { uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' },
];

/** A resource, if there is one of this address. */
export function contentsOf(uri: string) {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id !== undefined)
    return [{ uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true }) }];
  const known = resources.find((resource) => resource.uri === uri);
  if (known === undefined) return undefined;
  const { mimeType } = known;
  return [
    mimeType === 'image/png' ? { uri, mimeType, blob: png } : { uri, mimeType, text: `what ${uri} says` },
  ];
}

const argument = (name: string) => ({ name, description: `argument ${name}`, required: true });

export const prompts = [
  { name: 'test_simple_prompt', description: 'without arguments' },
  {
    name: 'test_prompt_with_arguments',
    description: 'with two arguments',
    arguments: [argument('arg1'), argument('arg2')],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'with a resource in it',
    arguments: [argument('resourceUri')],
  },
  { name: 'test_prompt_with_image', description: 'with an image in it' },
];

function user<Content>(content: Content) {
  return { role: 'user' as const, content };
}

/** The messages of a prompt, if there is one of this name. */
export function messagesOf(name: string, args: Readonly<Record<string, string>> = {}) {
  switch (name) {
    case 'test_simple_prompt':
      return [user(said('a simple prompt'))];
    case 'test_prompt_with_arguments':
      return [user(said(`arg1='${args['arg1'] ?? ''}', arg2='${args['arg2'] ?? ''}'`))];
    case 'test_prompt_with_embedded_resource':
      return [user(embedded(args['resourceUri'] ?? '')), user(said('see above'))];
    case 'test_prompt_with_image':
      return [user(image), user(said('see above'))];
    default:
      return undefined;
  }
}

export const completion = { completion: { values: ['one', 'two'], total: 2, hasMore: false } };

/** Three steps, as a tool that reports progress takes them. */
export const steps = [0, 50, 100];
