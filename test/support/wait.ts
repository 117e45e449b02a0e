export { until, within } from "../../src/testing/wait.ts";
