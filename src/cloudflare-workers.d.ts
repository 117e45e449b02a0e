// As much of Cloudflare's module as is used here. It is not part of the package: a Worker's own
// types (`wrangler types`) declare it whole.
declare module "cloudflare:workers" {
	export abstract class DurableObject<Env = unknown> {
		protected readonly ctx: unknown;
		protected readonly env: Env;
		constructor(ctx: unknown, env: Env);
		fetch?(request: Request): Response | Promise<Response>;
	}
}
