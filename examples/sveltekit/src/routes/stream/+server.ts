import { sse } from "../../lib/server/sse.ts";
import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ request, platform }) => sse.fetch(request, platform);
