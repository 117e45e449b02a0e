// As much of Cloudflare's module as is used here. It is not part of the package: a Worker's own
// types (`wrangler types`) declare it whole.
declare module "cloudflare:workers" {
	/** A SQLite-backed object's storage. */
	export interface ObjectStorage {
		readonly sql: {
			exec(
				query: string,
				...bindings: (string | number | null)[]
			): {
				toArray(): Record<string, string | number | null>[];
				/** What is billed. */
				readonly rowsRead: number;
				readonly rowsWritten: number;
			};
		};
		/** In ms since 1970; null when none is set. */
		getAlarm(): Promise<number | null>;
		setAlarm(at: number): Promise<void>;
		/** The alarm, too. */
		deleteAll(): Promise<void>;
	}

	export abstract class DurableObject<Env = unknown> {
		protected readonly ctx: {
			readonly storage: ObjectStorage;
			/** Ends the object; whatever waits for it fails with the reason. */
			abort(reason?: string): void;
		};
		protected readonly env: Env;
		constructor(ctx: unknown, env: Env);
		fetch?(request: Request): Response | Promise<Response>;
		alarm?(): void | Promise<void>;
	}
}
