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
		/** In ms since 1970. Null when none is set. */
		getAlarm(): Promise<number | null>;
		setAlarm(at: number): Promise<void>;
		/** Also deletes the alarm. */
		deleteAll(): Promise<void>;
	}

	export abstract class DurableObject<Env = unknown> {
		protected readonly ctx: {
			readonly storage: ObjectStorage;
			/** Ends the object. Everything that waits for it fails with the reason. */
			abort(reason?: string): void;
		};
		protected readonly env: Env;
		constructor(ctx: unknown, env: Env);
		fetch?(request: Request): Response | Promise<Response>;
		alarm?(): void | Promise<void>;
	}
}
