import * as runtime from "./listen/node.ts";
import { start } from "./listening.ts";

await start(process.env, runtime);
