/** LangChain posts whole conversations to its maker's service where the environment asks for it. Ours never does. */
export function traceNothing(): void {
  for (const name of [
    'LANGSMITH_TRACING',
    'LANGSMITH_TRACING_V2',
    'LANGCHAIN_TRACING',
    'LANGCHAIN_TRACING_V2',
  ])
    process.env[name] = 'false';
}
