import { sse } from "../../../lib/sse";

export const runtime = "edge";

export const GET = (request: Request) => sse.fetch(request);
