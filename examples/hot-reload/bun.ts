import { handle } from "./handler.ts";

const server = Bun.serve({
	port: Number(process.env.PORT ?? 8787),
	hostname: "127.0.0.1",
	fetch: handle, // Bun hands on its server, by which the limit of 10 s without bytes is lifted for streams
});
console.log(`Listening on ${server.url}`);
