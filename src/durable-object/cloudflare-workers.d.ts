// The part of Cloudflare's module that is used here. It is not in the package: a Worker's own
// types (`wrangler types`) declare all of it.
declare module "cloudflare:workers" {
	/** The storage of a SQLite-backed object. */
	export interface ObjectStorage {
		readonly sql: {
			exec(
				query: string,
				...bindings: (string | number | null)[]
			): {
				toArray(): Record<string, string | number | null>[];
				/** Billed rows. */
				readonly rowsRead: number;
				readonly rowsWritten: number;
			};
		};
		/** All of its writes, or none when it throws. */
		transactionSync<T>(work: () => T): T;
		/** In ms since 1970. Null when none is set. */
		getAlarm(): Promise<number | null>;
		setAlarm(at: number): Promise<void>;
		/** Also deletes the alarm. */
		deleteAll(): Promise<void>;
	}

	/** One end of a WebSocket inside an object. */
	export interface ObjectSocket {
		/** 1: open. */
		readonly readyState: number;
		send(text: string): void;
		close(code?: number, reason?: string): void;
		/** Without hibernation: the object listens itself, and stays awake. */
		accept(): void;
		addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
		addEventListener(type: "close" | "error", listener: () => void): void;
		/** Outlives hibernation. At most 16 KiB. */
		serializeAttachment(value: unknown): void;
		deserializeAttachment(): unknown;
	}

	/** What an object is given: storage, and sockets that outlive its memory. */
	export interface ObjectState {
		readonly storage: ObjectStorage;
		/** Ends the object. Everything that waits for it fails with the reason. */
		abort(reason?: string): void;
		acceptWebSocket(socket: ObjectSocket, tags?: string[]): void;
		getWebSockets(tag?: string): ObjectSocket[];
		getTags(socket: ObjectSocket): string[];
		setWebSocketAutoResponse(pair: unknown): void;
		/** When the socket's last automatic answer was given. */
		getWebSocketAutoResponseTimestamp(socket: ObjectSocket): Date | null;
	}

	export abstract class DurableObject<Env = unknown> {
		protected readonly ctx: ObjectState;
		protected readonly env: Env;
		constructor(ctx: unknown, env: Env);
		fetch?(request: Request): Response | Promise<Response>;
		alarm?(): void | Promise<void>;
		webSocketMessage?(socket: ObjectSocket, message: string | ArrayBuffer): void | Promise<void>;
		webSocketClose?(socket: ObjectSocket): void | Promise<void>;
		webSocketError?(socket: ObjectSocket): void | Promise<void>;
	}
}
