import { createServer } from "node:http";
import { toNodeHandler } from "edge-sse/node";
import { createServer as createVite } from "vite";

const vite = await createVite({
	root: import.meta.dirname,
	configFile: false,
	appType: "custom",
	server: { middlewareMode: true, ws: false },
});

const handler = toNodeHandler(async (request, host) => {
	const { handle } = await vite.ssrLoadModule("/handler.ts");
	return handle(request, host);
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
