import { faultSuite } from "./suite.ts";

faultSuite({
	name: "bun",
	closesUnfinished: true,
	closesUnread: true,
	sharesUpstream: true,
});
