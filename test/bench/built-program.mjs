/** Loaded into a process that is measured: what it imports of the product is what was built. */
import { register } from 'node:module';

register('./built-program-hooks.mjs', import.meta.url);
