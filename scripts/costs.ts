/** `node scripts/costs.ts`: writes the table of costs of docs/workers.md from the prices and the measurements. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withCosts } from "./costs/markdown.ts";

const path = fileURLToPath(new URL("../docs/workers.md", import.meta.url));
writeFileSync(path, withCosts(readFileSync(path, "utf8")));
