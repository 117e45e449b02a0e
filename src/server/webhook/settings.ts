import { ConfigurationError } from "../../core/errors.ts";
import type { Environment } from "../variables.ts";

/** Where webhooks go, and what they are signed with. */
export interface WebhookSettings {
	readonly url: string;
	readonly key: Uint8Array<ArrayBuffer>;
}

/**
 * `SSE_WEBHOOK_URL` and `SSE_WEBHOOK_SECRET`.
 *
 * @throws {ConfigurationError} that names the variable and its rule. It holds no value.
 */
export function webhookFrom(environment: Environment): WebhookSettings | undefined {
	const { SSE_WEBHOOK_URL: url, SSE_WEBHOOK_SECRET: secret } = environment;
	if (url === undefined) {
		if (secret === undefined) return undefined;
		throw new ConfigurationError("SSE_WEBHOOK_SECRET needs SSE_WEBHOOK_URL. Set both, or none.");
	}
	if (secret === undefined) {
		throw new ConfigurationError(
			`SSE_WEBHOOK_URL needs SSE_WEBHOOK_SECRET: webhooks are always signed. ${how}`,
		);
	}
	if (!isWebAddress(url)) {
		throw new ConfigurationError(
			"SSE_WEBHOOK_URL must be an http: or https: URL without a user or a password in it.",
		);
	}
	const key = keyIn(secret);
	if (key !== undefined) return { url, key };
	throw new ConfigurationError(
		`SSE_WEBHOOK_SECRET must be whsec_ and 24 to 64 random bytes in base64. ${how}`,
	);
}

const how = 'Make one with `echo "whsec_$(openssl rand -base64 32)"`.';

function isWebAddress(text: string): boolean {
	if (!URL.canParse(text)) return false;
	const { protocol, username, password } = new URL(text);
	return /^https?:$/.test(protocol) && username + password === "";
}

function keyIn(secret: string): Uint8Array<ArrayBuffer> | undefined {
	const [, base64 = ""] = /^whsec_([\w+/]+={0,2})$/.exec(secret) ?? [];
	try {
		const key = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
		return key.length >= 24 && key.length <= 64 ? key : undefined;
	} catch {
		return undefined; // It is not base64.
	}
}
