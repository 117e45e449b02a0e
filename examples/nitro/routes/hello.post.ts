import { defineHandler } from "nitro/h3";
import { sse } from "../utils/sse.ts";

export default defineHandler(async () => {
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	return "Message sent!\n";
});
