import { defineHandler } from "nitro/h3";
import { sse } from "../utils/sse.ts";

export default defineHandler((event) => sse.fetch(event.req));
