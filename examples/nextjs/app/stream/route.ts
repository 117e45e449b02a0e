import { sse } from "../../lib/sse";

export const dynamic = "force-dynamic";
export const maxDuration = 300; // s, on Vercel: a stream is ended before, and the browser comes back

export const GET = (request: Request) => sse.fetch(request);
