import { chromium } from "./engines/chromium.ts";
import { suites } from "./suites/all.ts";

suites(chromium, { long: true });
