// SPDX-License-Identifier: Apache-2.0
// Better Auth with its magic links and its device authorization, set up as its own documentation says.
// PORT: where to listen. DATABASE: a file, or the URL of a PostgreSQL. Links are mailed nowhere: GET /taken hands out
// those since the last time, one a line.

import { serve } from "@hono/node-server";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { deviceAuthorization, magicLink } from "better-auth/plugins";
import Database from "better-sqlite3";
import { Hono } from "hono";
import pg from "pg";

const port = Number(process.env.PORT);
const where = process.env.DATABASE;
const mailed = [];

function opened() {
  if (where.startsWith("postgresql:")) return new pg.Pool({ connectionString: where });
  const file = new Database(where);
  file.pragma("journal_mode = WAL");
  file.pragma("synchronous = NORMAL");
  return file;
}

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  database: opened(),
  logger: { disabled: true },
  plugins: [
    magicLink({
      expiresIn: 3600,
      sendMagicLink: async ({ token }) => { mailed.push(token); },
      storeToken: "hashed",
    }),
    deviceAuthorization({ expiresIn: "1h", interval: "1s", verificationUri: "/device" }),
  ],
  rateLimit: { enabled: false },
  secret: "a-secret-for-this-comparison-and-nothing-else",
  telemetry: { enabled: false },
});
await (await getMigrations(auth.options)).runMigrations();

const application = new Hono();
application.get("/health", (context) => context.text("up"));
application.get("/taken", (context) => context.text(mailed.splice(0).join("\n")));
application.on(["GET", "POST"], "/api/auth/*", (context) => auth.handler(context.req.raw));
serve({ fetch: application.fetch, hostname: "127.0.0.1", port });
