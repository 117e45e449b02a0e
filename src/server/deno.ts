import process from "node:process";
import { listen } from "./listen/deno.ts";
import { start } from "./listening.ts";

await start(process.env, listen);
