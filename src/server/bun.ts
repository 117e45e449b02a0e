import * as runtime from "./listen/bun.ts";
import { start } from "./listening.ts";

await start(process.env, runtime);
