import { firefox } from "./engines/firefox.ts";
import { pageSuites } from "./page/all.ts";

pageSuites(firefox);
