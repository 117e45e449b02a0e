/**
 * A reader as a program. Each line of its input is an order, and each line of its output a report. Both are
 * percent-encoded, because `readline` also ends a line at U+2028 and the like.
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { listen } from "./listen.ts";

for await (const line of createInterface({ input: process.stdin })) {
	console.log(encodeURIComponent(await listen(JSON.parse(decodeURIComponent(line)))));
}
