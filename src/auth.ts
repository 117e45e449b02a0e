/**
 * Who may read which channels, and who may publish to them, by signed tokens (JWT,
 * https://www.rfc-editor.org/rfc/rfc7519). It uses `jose`, and so Web Crypto, on every runtime.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { jwtAuthorizer, signChannels } from "edge-sse/auth";
 *
 * const sse = new ServerSentEvents({ connector, authorize: jwtAuthorizer({ secret, query: "token" }) });
 * const token = await signChannels("news", { secret }); // for `/stream?channel=news&token=…`
 * ```
 *
 * @module
 */

export { type JwtAuthorizerOptions, jwtAuthorizer } from "./auth/authorizer.ts";
export type { KeySource } from "./auth/keys.ts";
export { type AuthorizePublish, jwtPublishAuthorizer } from "./auth/publish-authorizer.ts";
export { type SignChannelsOptions, signChannels } from "./auth/sign.ts";
export type { JwtOptions } from "./auth/verify.ts";
