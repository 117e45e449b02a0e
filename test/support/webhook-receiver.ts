import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A webhook as it came. */
export interface Received {
	readonly id: string;
	readonly type: string;
	readonly data: Record<string, unknown>;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

/** A receiver of webhooks, which checks each signature by code of its own. */
export class WebhookReceiver {
	readonly secret: string = `whsec_${randomBytes(32).toString("base64")}`;
	/** All webhooks that came, whatever the answer was. */
	readonly received: Received[] = [];
	/** Those whose signature or time was wrong. */
	readonly forged: string[] = [];
	/** Its answer. `hang`: none. */
	answer: (webhook: Received) => number | "hang" = () => 204;
	url = "";
	readonly #server: Server;

	constructor() {
		this.#server = createServer(async (request, response) => {
			const body = await text(request);
			const { headers } = request;
			const [id, at] = [String(headers["webhook-id"]), String(headers["webhook-timestamp"])];
			const key = Buffer.from(this.secret.slice("whsec_".length), "base64");
			const mac = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
			const isNew = Math.abs(Date.now() / 1_000 - Number(at)) < 300;
			if (headers["webhook-signature"] !== `v1,${mac}` || !isNew) this.forged.push(body);
			const webhook: Received = { ...JSON.parse(body), id, headers, body };
			this.received.push(webhook);
			const answer = this.answer(webhook);
			if (answer === "hang") return;
			response.writeHead(answer, answer === 302 ? { location: `${this.url}/elsewhere` } : {});
			response.end(answer === 204 ? undefined : "What the receiver says.");
		});
	}

	async start(): Promise<this> {
		this.#server.listen(0, "127.0.0.1");
		await once(this.#server, "listening");
		this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
		return this;
	}

	of(type: string): Received[] {
		return this.received.filter((each) => each.type === type);
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		this.#server.close();
		await once(this.#server, "close");
	}
}
