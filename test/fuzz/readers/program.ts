/**
 * A reader as a program: an order on each line of its input, a report on each line of its output; both
 * percent-encoded, for `readline` ends a line at more characters than one would think.
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { listen } from "./listen.ts";

for await (const line of createInterface({ input: process.stdin })) {
	console.log(encodeURIComponent(await listen(JSON.parse(decodeURIComponent(line)))));
}
