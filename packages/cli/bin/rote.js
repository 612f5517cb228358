#!/usr/bin/env node
// Here, and not in dist, so that npm finds it to link before anything has been built.
await import("../dist/rote.js");
