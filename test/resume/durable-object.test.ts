import { objects } from "./objects.ts";

objects("object");
