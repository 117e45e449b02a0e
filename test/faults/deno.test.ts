import { faultSuite } from "./suite.ts";

faultSuite({
	name: "deno",
	closesUnfinished: false,
	closesUnread: false,
	sharesUpstream: true,
});
