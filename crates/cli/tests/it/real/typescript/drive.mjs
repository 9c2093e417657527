// Does a fixed list of steps with the official TypeScript client, and prints all that came back as JSON.
//
//     node drive.mjs WORK ERA WORLD -- COMMAND...
//
// WORK is `sqlite`, `time` or `memory`; ERA `auto` lets the client negotiate, `legacy` is the handshake of 2025-11-25.
// WORLD is the file the server keeps its data in, for somebody else's changes between two steps. COMMAND is the server,
// with or without a boundary before it: nothing in here knows which; whoever started it compares two outputs.
// LASTLOOK_TOOLS says where the client is installed.

import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.resolve(process.env.LASTLOOK_TOOLS, "node", "package.json"));
const { Client } = require("@modelcontextprotocol/client");
const { StdioClientTransport } = require("@modelcontextprotocol/client/stdio");

const [work, era, world] = process.argv.slice(2, 5);
const [program, ...args] = process.argv.slice(process.argv.indexOf("--") + 1);
const steps = [];

/** Calls a tool under a name by which the answer can be found again. */
async function call(client, name, tool, args = {}) {
  steps.push({ name, tool, arguments: args, answer: await answer(() => client.callTool({ name: tool, arguments: args })) });
}

async function answer(asked) {
  try {
    return await asked();
  } catch (error) {
    return { error: { code: error.code ?? null, message: error.message, data: error.data ?? null } };
  }
}

/** What somebody else does to a database, in a process of their own. */
function sql(statement) {
  const program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); c.execute(sys.argv[2]); c.commit()";
  execFileSync("python3", ["-c", program, world, statement]);
}

/** What somebody else does to a memory: its file is read again at each call. */
function remember(line) {
  const text = readFileSync(world, "utf8");
  appendFileSync(world, (text === "" || text.endsWith("\n") ? "" : "\n") + JSON.stringify(line));
}

function revise(from, to) {
  const text = readFileSync(world, "utf8");
  if (!text.includes(from)) throw new Error(`\`${from}\` is not in ${world}`);
  writeFileSync(world, text.replace(from, to));
}

const works = {
  async sqlite(client) {
    const insert = (id, cents) => ({ query: `INSERT INTO orders (id, cents) VALUES (${id}, ${cents})` });
    await call(client, "make", "create_table", { query: "CREATE TABLE orders (id INTEGER, cents INTEGER)" });
    await call(client, "tables", "list_tables");
    await call(client, "columns", "describe_table", { table_name: "orders" });
    await call(client, "first", "write_query", insert(1, 100));
    await call(client, "second", "write_query", insert(2, 250));
    await call(client, "read", "read_query", { query: "SELECT id, cents FROM orders ORDER BY id" });
    await call(client, "no such table", "write_query", { query: "DELETE FROM invoices" });
    await call(client, "not a write", "write_query", { query: "SELECT 1" });
    await call(client, "not a read", "read_query", { query: "DELETE FROM orders" });
    await call(client, "insight", "append_insight", { insight: "orders are small" });
    await call(client, "no arguments", "write_query");
    await call(client, "no such tool", "drop_everything");
    // The same statement once more: a retry that somebody thought was harmless.
    await call(client, "first again", "write_query", insert(1, 100));
    sql("INSERT INTO orders (id, cents) VALUES (99, 1)");
    await call(client, "somebody else's row", "read_query", { query: "SELECT count(*) AS n FROM orders WHERE id = 99" });
    await call(client, "third", "write_query", insert(3, 300));
    await call(client, "one too many", "write_query", insert(4, 400));
    await call(client, "left", "read_query", { query: "SELECT id, cents FROM orders ORDER BY id, cents" });
  },

  async time(client) {
    const paris = { time: "09:30", source_timezone: "Europe/Paris", target_timezone: "Asia/Kolkata" };
    await call(client, "convert before asking", "convert_time", paris);
    await call(client, "now", "get_current_time", { timezone: "Europe/Paris" });
    await call(client, "convert", "convert_time", paris);
    await call(client, "no such zone", "get_current_time", { timezone: "Mars/Olympus" });
    await call(client, "no such time", "convert_time", { ...paris, time: "25:99" });
    await call(client, "now in Tokyo", "get_current_time", { timezone: "Asia/Tokyo" });
    await call(client, "now once more", "get_current_time", { timezone: "Asia/Tokyo" });
    await call(client, "no such tool", "set_time", { time: "00:00" });
  },

  async memory(client) {
    const person = (name, fact) => ({ name, entityType: "person", observations: [fact] });
    await call(client, "make", "create_entities", {
      entities: [person("Ada", "likes tea"), person("Grace", "likes ships"), person("Alan", "likes chess")],
    });
    await call(client, "relate", "create_relations", {
      relations: [{ from: "Ada", to: "Grace", relationType: "knows" }],
    });
    await call(client, "observe", "add_observations", {
      observations: [{ entityName: "Ada", contents: ["writes programs"] }],
    });
    await call(client, "read all", "read_graph");
    await call(client, "search", "search_nodes", { query: "chess" });
    await call(client, "nobody", "add_observations", { observations: [{ entityName: "Nobody", contents: ["x"] }] });
    await call(client, "never looked at", "delete_entities", { entityNames: ["Alan"] });
    await call(client, "look at Grace", "open_nodes", { names: ["Grace"] });
    revise("likes ships", "found a moth");
    await call(client, "delete what moved", "delete_entities", { entityNames: ["Grace"] });
    await call(client, "look at Ada", "open_nodes", { names: ["Ada"] });
    remember({ type: "entity", name: "Edsger", entityType: "person", observations: ["writes letters"] });
    await call(client, "delete what did not move", "delete_entities", { entityNames: ["Ada"] });
    await call(client, "left", "read_graph");
  },
};

const client = new Client(
  { name: "a test", version: "0" },
  { versionNegotiation: { mode: era === "auto" ? "auto" : "legacy" } },
);
await client.connect(new StdioClientTransport({ command: program, args, env: process.env, stderr: "inherit" }));
const tools = (await client.listTools()).tools;
await works[work](client);
const told = {
  version: client.getNegotiatedProtocolVersion(),
  server: client.getServerVersion(),
  capabilities: client.getServerCapabilities(),
  tools,
  steps,
};
await client.close();
// No two runs share the time.
const printed = JSON.stringify(told, null, 1)
  .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, "WHEN")
  .replace(/\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b/g, "DAY");
console.log(printed);
