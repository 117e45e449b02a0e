/**
 * Computes the machines, the memory, the egress and the cost for 10 thousand to 10 million viewers, and what happens when
 * a hub or the broker ends.
 *
 *     npx node bench/model.ts     # writes the tables of docs/scaling.md
 *
 * Its inputs are bench/model/*.json. bench/scaling.ts writes those that are measured.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withModel } from "./model/markdown.ts";

const path = fileURLToPath(new URL("../docs/scaling.md", import.meta.url));
writeFileSync(path, withModel(readFileSync(path, "utf8")));
