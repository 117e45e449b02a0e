/** The command was called in a way that it does not know. It ends with 2, as shells and their tools do. */
export class UsageError extends Error {}
