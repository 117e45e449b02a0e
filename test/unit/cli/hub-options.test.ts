import { expect, test } from "vitest";
import { inOptions, readHubArguments } from "../../../src/cli/hub-options.ts";
import { ConfigurationError } from "../../../src/core/errors.ts";

const cases = [
	{
		title: "the option that was given",
		args: ["--port", "abc"],
		message: "PORT must be a whole number.",
		told: "--port must be a whole number.",
	},
	{
		title: "the variable, when no option was given",
		args: ["--history-length", "5"],
		message: "PORT must be a whole number.",
		told: "PORT must be a whole number.",
	},
	{
		title: "the option for a secret's file",
		args: ["--publish-token-file", "token"],
		message: "SSE_PUBLISH_TOKEN: has a line break.",
		told: "--publish-token-file: has a line break.",
	},
	{
		title: "the whole variable, not a longer one that begins alike",
		args: ["--port", "1"],
		message: "PORTS is unknown; PORT is meant.",
		told: "PORTS is unknown; --port is meant.",
	},
];

test.each(cases)("an error of the hub's configuration names $title", ({ args, message, told }) => {
	const given = readHubArguments(args, {});
	expect(inOptions(new ConfigurationError(message), given)).toMatchObject({ message: told });
});

test("an error that is no ConfigurationError stays unchanged", () => {
	const error = new Error("PORT");
	expect(inOptions(error, readHubArguments(["--port", "1"], {}))).toBe(error);
});
