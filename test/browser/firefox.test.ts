import { firefox } from "./engines/firefox.ts";
import { suites } from "./suites/all.ts";

suites(firefox);
