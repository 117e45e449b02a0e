import { polled } from "./polling.ts";

const { process } = globalThis as unknown as { process: { env: Record<string, string> } };
const { UPSTASH_URL = "", UPSTASH_TOKEN = "", CHANNEL = "" } = process.env;
console.log(JSON.stringify(await polled(UPSTASH_URL, UPSTASH_TOKEN, CHANNEL)));
