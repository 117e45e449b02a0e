import { webkit } from "./engines/webkit.ts";
import { suites } from "./suites/all.ts";

suites(webkit);
