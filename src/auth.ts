/**
 * `edge-sse/auth`: who may read which channels, and who may publish to them, by signed tokens (JWT,
 * https://www.rfc-editor.org/rfc/rfc7519). It stands on `jose`, and so on Web Crypto, on every runtime.
 */

export { type JwtAuthorizerOptions, jwtAuthorizer } from "./auth/authorizer.ts";
export type { KeySource } from "./auth/keys.ts";
export { type AuthorizePublish, jwtPublishAuthorizer } from "./auth/publish-authorizer.ts";
export { type SignChannelsOptions, signChannels } from "./auth/sign.ts";
export type { JwtOptions } from "./auth/verify.ts";
