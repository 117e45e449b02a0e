import { objects } from "./objects.ts";

objects("worker");
