import { expect, test } from "vitest";
import { inOptions, readHubArguments } from "../../../src/cli/hub-options.ts";
import { ConfigurationError } from "../../../src/core/errors.ts";

const cases = [
	{
		title: "an option that was given",
		args: ["--port", "abc"],
		message: "PORT must be a whole number.",
		told: "--port must be a whole number.",
	},
	{
		title: "a variable of the environment",
		args: ["--history-length", "5"],
		message: "PORT must be a whole number.",
		told: "PORT must be a whole number.",
	},
	{
		title: "a secret's file",
		args: ["--publish-token-file", "token"],
		message: "SSE_PUBLISH_TOKEN: has a line break.",
		told: "--publish-token-file: has a line break.",
	},
	{
		title: "a variable whose name only begins like the option's",
		args: ["--port", "1"],
		message: "PORTS is unknown; PORT is meant.",
		told: "PORTS is unknown; --port is meant.",
	},
];

test.each(cases)("an error names $title", ({ args, message, told }) => {
	const given = readHubArguments(args, {});
	expect(inOptions(new ConfigurationError(message), given)).toMatchObject({ message: told });
});

test("another error stays as it is", () => {
	const error = new Error("PORT");
	expect(inOptions(error, readHubArguments(["--port", "1"], {}))).toBe(error);
});
