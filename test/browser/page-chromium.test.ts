import { chromium } from "./engines/chromium.ts";
import { pageSuites } from "./page/all.ts";

pageSuites(chromium, { long: true });
