import { pinned } from "./fresh.ts";
import { packageJson } from "./installed.ts";

const [, oldest] = /^>=(\d+)$/.exec(packageJson.engines.node) ?? [];
if (oldest === undefined) throw new Error("package.json: engines.node must be >= a whole number.");

/** The releases of Node that are tried: the very first that the package names, and one of each line since. */
export const nodeVersions: string[] = [`${oldest}.0.0`, "22.23.3", pinned.node ?? ""];
