import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { Message, ServerSentEvents } from "edge-sse";
import { memory } from "edge-sse/memory";
import { toNodeHandler } from "edge-sse/node";
import pg from "pg";

const connectionString = process.env.DATABASE_URL ?? "postgres://127.0.0.1/postgres";
const pool = new pg.Pool({ connectionString });
pool.on("error", (error) => console.error("An idle connection was lost:", error.message));
await pool.query(await readFile(new URL("orders.sql", import.meta.url), "utf8"));

const page = await readFile(new URL("index.html", import.meta.url));
const sse = new ServerSentEvents({ connector: memory({ history: {} }) });

async function totals() {
	const { rows } = await pool.query(
		"SELECT product, count(*)::int AS orders, sum(amount)::int AS amount FROM orders GROUP BY product ORDER BY product",
	);
	return rows;
}

// However many orders come at once, one query is under way, and one more follows it.
let wanted = false;
let isReading = false;
async function publishTotals() {
	wanted = true;
	if (isReading) return;
	isReading = true;
	try {
		while (wanted) {
			wanted = false;
			await sse.publish(await totals(), { type: "totals", channel: "dashboard" });
		}
	} catch (error) {
		console.error("The totals were not published:", (error as Error).message);
	} finally {
		isReading = false;
	}
}

// A lost connection is opened again. PostgreSQL repeats no notification, so the totals are read from the table.
async function listen(): Promise<never> {
	for (;;) {
		const client = new pg.Client({ connectionString });
		const lost = new Promise<Error>((resolve) => client.once("error", resolve));
		client.on("notification", () => void publishTotals());
		try {
			await client.connect();
			await client.query("LISTEN orders");
			console.log("Listening to the database");
			await publishTotals();
			throw await lost;
		} catch (error) {
			console.error("The database was lost, once more in 1 s:", (error as Error).message);
			await client.end().catch(() => undefined); // it is lost: there is nothing to end
			await setTimeout(1_000);
		}
	}
}
void listen();

const handler = toNodeHandler(async (request, host) => {
	const { pathname } = new URL(request.url);
	if (pathname === "/") return new Response(page, { headers: { "content-type": "text/html" } });
	if (pathname === "/totals") {
		// Every client begins with the totals as they are.
		const first = async () => [new Message(await totals(), { type: "totals" })];
		return sse.stream(request, { channel: "dashboard", first, host });
	}
	return new Response("Not found\n", { status: 404 });
});

const port = Number(process.env.PORT ?? 8787);
createServer(handler).listen(port, "127.0.0.1", () => {
	console.log(`Listening on http://127.0.0.1:${port}`);
});
