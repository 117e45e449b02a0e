import { namesProblem } from "../auth/claim.ts";
import { bearerAuthorizer } from "../auth/publish-authorizer.ts";
import { type AuthorizePublish, jwtAuthorizer, jwtPublishAuthorizer } from "../auth.ts";
import { ConfigurationError } from "../core/errors.ts";
import type { Authorize } from "../core/request/authorize.ts";
import { isAllowed } from "../core/request/request.ts";

/** What the hub's variables say about access. Without any, both are undefined. */
export interface HubAuth {
	/** For `ServerSentEventsOptions.authorize`. */
	authorize?: Authorize;
	/** For a publish without `SSE_PUBLISH_TOKEN`. */
	authorizePublish?: AuthorizePublish;
	/** These two are for requests that need another right of a signed token. */
	authorizeDisconnect?: AuthorizePublish;
	authorizeMembers?: AuthorizePublish;
}

type Environment = Record<string, string | undefined>;

/** The variable of each option of `jwtAuthorizer`. */
const variables = {
	secret: "SSE_JWT_SECRET",
	jwksUrl: "SSE_JWKS_URL",
	issuer: "SSE_JWT_ISSUER",
	audience: "SSE_JWT_AUDIENCE",
	claim: "SSE_JWT_CLAIM",
	cookie: "SSE_JWT_COOKIE",
	anonymous: "SSE_PUBLIC_CHANNELS",
} as const;

/** The parameter of `/stream` that holds a token, for browsers. */
const query = "token";

/**
 * Access by the environment: `SSE_JWT_SECRET` or `SSE_JWKS_URL`, their further variables, and
 * `SSE_PUBLIC_CHANNELS`. Without either of the two, the public channels are the only ones.
 *
 * @throws {ConfigurationError} that names the variable and its rule. It holds no value.
 */
export function readAuth(environment: Environment): HubAuth {
	const read = (option: keyof typeof variables) => value(environment, variables[option]);
	const secret = read("secret");
	const jwksUrl = read("jwksUrl");
	const issuer = read("issuer");
	const audience = read("audience");
	const claim = read("claim");
	const cookie = read("cookie");
	const anonymous = publicChannels(read("anonymous"));

	if (secret !== undefined && jwksUrl !== undefined) {
		throw new ConfigurationError("SSE_JWT_SECRET and SSE_JWKS_URL: set one of them, not both.");
	}
	if (secret === undefined && jwksUrl === undefined) {
		const useless = (["issuer", "audience", "claim", "cookie"] as const).find(read);
		if (useless !== undefined) {
			throw new ConfigurationError(
				`${variables[useless]} is set, but neither SSE_JWT_SECRET nor SSE_JWKS_URL: no token would be checked.`,
			);
		}
		if (anonymous === undefined) return {};
		return { authorize: (_, channels) => channels.every((name) => isAllowed(name, anonymous)) };
	}
	const options = {
		...{ secret, jwksUrl, claim },
		...(issuer !== undefined && { issuer }),
		...(audience !== undefined && { audience }),
	};
	return named(() => ({
		authorize: jwtAuthorizer({ ...options, cookie, anonymous, query }),
		authorizePublish: jwtPublishAuthorizer(options),
		authorizeDisconnect: bearerAuthorizer(options, "disconnect"),
		authorizeMembers: bearerAuthorizer(options, "members"),
	}));
}

// A secret that did not arrive must not open the hub to everyone.
function value(environment: Environment, name: string): string | undefined {
	if (environment[name] === "") {
		throw new ConfigurationError(`${name} is set, but empty; to do without it, unset it.`);
	}
	return environment[name];
}

function publicChannels(list: string | undefined): string[] | undefined {
	const names = list
		?.split(",")
		.map((name) => name.trim())
		.filter((name) => name !== "");
	const problem = names?.length === 0 ? "must name a channel." : names && namesProblem(names);
	if (problem !== undefined) throw new ConfigurationError(`${variables.anonymous}: ${problem}`);
	return names;
}

/** Runs a function, and puts the variable's name into its errors instead of the option's. */
function named<T>(make: () => T): T {
	try {
		return make();
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		const message = error.message.replace(/^\w+(?=:)/, (option) =>
			Object.hasOwn(variables, option) ? variables[option as keyof typeof variables] : option,
		);
		throw new ConfigurationError(message);
	}
}
