/** `node scripts/variables.ts`: writes the table of docs/hub.md from the one that the hub and its command read. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withTable } from "./variables/markdown.ts";

const path = fileURLToPath(new URL("../docs/hub.md", import.meta.url));
writeFileSync(path, withTable(readFileSync(path, "utf8")));
