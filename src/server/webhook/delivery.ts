import { SseError } from "../../core/errors.ts";
import { logFailure } from "../log.ts";
import type { WebhookSettings } from "./settings.ts";

/** How many requests may be under way at a time. */
const atATime = 8;
/** How much may wait, in UTF-16 code units. Not a number of events: clients choose the names of channels, which may be long. */
const mostWaiting = 4_194_304;
/** How often an event is tried. */
const tries = 6;
/** The pause before the second try, in ms. Each further one is twice as long. */
const firstPause = 1_000;
/** The longest pause that a receiver may ask for, in ms. */
const longestPause = 60_000;
/** How long a receiver may take, in ms. */
const timeout = 10_000;

interface Webhook {
	readonly id: string;
	readonly body: string;
}

/** Why a try failed, and whether another may succeed. */
interface Failure {
	readonly text: string;
	readonly isFinal: boolean;
	/** What the receiver asked for, in ms. */
	readonly pause: number;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Sends webhooks, signed by the rules of Standard Webhooks. Each is sent at least once, while the receiver answers in
 * time. The queue is bounded. An event that does not fit is dropped, and the log says so.
 *
 * @see https://www.standardwebhooks.com/
 */
export class WebhookDelivery {
	readonly #settings: WebhookSettings;
	readonly #waiting: Webhook[] = [];
	#waitingSize = 0;
	#underWay = 0;
	#key: Promise<CryptoKey> | undefined;
	#isOver = false;
	#drained: (() => void) | undefined;

	constructor(settings: WebhookSettings) {
		this.#settings = settings;
	}

	send(type: string, data: object): void {
		const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data });
		if (this.#isOver || this.#waitingSize + body.length > mostWaiting) {
			failed("A webhook was dropped: too many wait for the receiver.");
			return;
		}
		this.#waiting.push({ id: `msg_${crypto.randomUUID()}`, body });
		this.#waitingSize += body.length;
		this.#next();
	}

	/** Waits until all is sent, for `bound` ms at most. */
	async close(bound: number): Promise<void> {
		let timer: ReturnType<typeof setTimeout> | undefined;
		if (this.#underWay > 0) {
			await new Promise<void>((resolve) => {
				this.#drained = resolve;
				timer = setTimeout(resolve, bound);
			});
		}
		clearTimeout(timer);
		this.#isOver = true;
		const left = this.#waiting.length + this.#underWay;
		if (left > 0) failed(`The process stops: ${left} webhooks have not reached the receiver.`);
		this.#waiting.length = 0;
	}

	#next(): void {
		while (this.#underWay < atATime) {
			const webhook = this.#waiting.shift();
			if (webhook === undefined) break;
			this.#waitingSize -= webhook.body.length;
			this.#underWay++;
			void this.#deliver(webhook).finally(() => {
				this.#underWay--;
				this.#next();
			});
		}
		if (this.#underWay === 0) this.#drained?.();
	}

	/** Never rejects. */
	async #deliver(webhook: Webhook): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			const failure = await this.#try(webhook);
			if (failure === undefined || this.#isOver) return;
			if (failure.isFinal || attempt === tries) {
				failed(`A webhook was not delivered. ${failure.text}`);
				return;
			}
			const pause = firstPause * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
			const ms = Math.min(longestPause, Math.max(pause, failure.pause));
			await new Promise((resolve) => setTimeout(resolve, ms));
			if (this.#isOver) return;
		}
	}

	/** Sends once. @returns undefined: the receiver has it. */
	async #try({ id, body }: Webhook): Promise<Failure | undefined> {
		const timestamp = String(Math.floor(Date.now() / 1_000));
		try {
			const response = await fetch(this.#settings.url, {
				method: "POST",
				// A redirect would send the signed event to somebody else.
				redirect: "manual",
				headers: {
					"content-type": "application/json",
					"user-agent": "edge-sse",
					"webhook-id": id,
					"webhook-timestamp": timestamp,
					"webhook-signature": await this.#sign(`${id}.${timestamp}.${body}`),
				},
				body,
				signal: AbortSignal.timeout(timeout),
			});
			await response.body?.cancel();
			const { ok, status, headers } = response;
			if (ok) return undefined;
			return {
				text: `The receiver answered ${status}.`,
				isFinal: status < 500 && status !== 408 && status !== 429,
				pause: (Number(headers.get("retry-after")) || 0) * 1_000,
			};
		} catch (error) {
			// The runtime's message may hold the URL, and the URL may hold a key.
			const isLate = error instanceof Error && error.name === "TimeoutError";
			const text = isLate
				? "The receiver did not answer in time."
				: "The receiver could not be reached.";
			return { text, isFinal: false, pause: 0 };
		}
	}

	async #sign(text: string): Promise<string> {
		const algorithm = { name: "HMAC", hash: "SHA-256" };
		const { key } = this.#settings;
		this.#key ??= crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
		const mac = await crypto.subtle.sign("HMAC", await this.#key, encoder.encode(text));
		return `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`;
	}
}

function failed(text: string): void {
	logFailure("webhook", new SseError("unavailable", text));
}
