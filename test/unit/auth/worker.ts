import { jwtAuthorizer } from "../../../src/auth.ts";
import type { Authorize } from "../../../src/core/request/authorize.ts";
import { scenario } from "./scenario.ts";

/** One for all requests of the instance, as in a real Worker. */
let shared: Authorize | undefined;

export default {
	async fetch(request: Request): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		const [jwksUrl = "", token = ""] = searchParams.getAll("argument");
		if (pathname === "/") return Response.json(await scenario(jwksUrl, token));
		shared ??= jwtAuthorizer({ jwksUrl });
		const answer = await shared(request, ["room.1"]);
		return answer instanceof Response ? answer : Response.json(answer);
	},
};
