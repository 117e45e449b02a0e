/** The command was called wrongly. It then exits with 2, as shells and their tools do. */
export class UsageError extends Error {}
