/** `node --import @rote/compiler/register app.ts`: what this process loads is transformed on the way. */
import { installHooks } from "./hooks.ts";

installHooks();
