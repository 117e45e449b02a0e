import process from "node:process";
import * as runtime from "./listen/deno.ts";
import { start } from "./listening.ts";

await start(process.env, runtime);
