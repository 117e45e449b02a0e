/**
 * The map: machines, memory, egress and money for 10 thousand to 10 million viewers, and what happens when a hub or the
 * broker ends.
 *
 *     npx node bench/model.ts     # writes the tables of docs/scaling.md
 *
 * It computes with bench/model/*.json. What is measured there is written by bench/scaling.ts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withModel } from "./model/markdown.ts";

const path = fileURLToPath(new URL("../docs/scaling.md", import.meta.url));
writeFileSync(path, withModel(readFileSync(path, "utf8")));
