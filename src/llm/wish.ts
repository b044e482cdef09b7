/** What somebody at the gate asks for: a tool and arguments that are an object, of whatever form. */
export type Wish = { readonly tool: string; readonly args: Record<string, unknown> };
