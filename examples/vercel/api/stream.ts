import { sse } from "../sse.ts";

export const config = { runtime: "edge" };

export default sse.fetch;
