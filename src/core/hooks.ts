import type { EndReason } from "./delivery/connection.ts";
import { guarded } from "./error-handler.ts";
import type { ErrorHandler } from "./errors.ts";
import type { CheckedLimits } from "./limits.ts";
import type { ServerSentEventsOptions } from "./options.ts";

type HookOptions = Pick<ServerSentEventsOptions, "onConnect" | "onDisconnect"> & {
	limits: Pick<CheckedLimits, "perClient">;
	onError: ErrorHandler;
};

const nobodyListens = (): void => undefined;

/** The user's own functions, which may throw, or return promises that reject. */
export class Hooks {
	readonly #options: HookOptions;

	constructor(options: HookOptions) {
		this.#options = options;
	}

	/** Whom a request counts for; a key that could not be made counts for nobody. */
	async keyOf(request: Request, host: unknown): Promise<string | undefined> {
		try {
			return (await this.#options.limits.perClient?.key(request, host)) ?? undefined;
		} catch (error) {
			this.#failed(error);
			return undefined;
		}
	}

	/** A stream has begun. @returns what tells of its end. */
	connected(channels: readonly string[], request: Request): (reason: EndReason) => void {
		const { onConnect, onDisconnect } = this.#options;
		if (onConnect === undefined && onDisconnect === undefined) return nobodyListens;
		const stream = { channels };
		const since = performance.now();
		guarded(() => onConnect?.(stream, request), this.#failed);
		return (reason) => {
			const duration = Math.round(performance.now() - since);
			guarded(() => onDisconnect?.(stream, { reason, duration }), this.#failed);
		};
	}

	readonly #failed = (error: unknown): void => this.#options.onError(error, { stage: "hook" });
}
