import { webkit } from "./engines/webkit.ts";
import { pageSuites } from "./page/all.ts";

pageSuites(webkit);
