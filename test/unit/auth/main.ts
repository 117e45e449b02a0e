import { scenario } from "./scenario.ts";

const [jwksUrl = "", token = ""] = process.argv.slice(2);
console.log(JSON.stringify(await scenario(jwksUrl, token)));
