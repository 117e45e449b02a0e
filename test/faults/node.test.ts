import { faultSuite } from "./suite.ts";

faultSuite({
	name: "node",
	closesUnfinished: true,
	closesUnread: true,
	sharesUpstream: true,
});
