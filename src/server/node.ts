import { listen } from "./listen/node.ts";
import { start } from "./listening.ts";

await start(process.env, listen);
