// A real Chromium that does what it is told: one JSON object a line comes in, one goes out.
//
//     node drive.mjs PROGRAM
//
// In: `{"do": NAME, …}`. Out: `{"is": VALUE}`, or `{"failed": WHY}`. What the pages did by themselves (requests, dialogs,
// messages on the browser's own console, a policy that was violated among them) is gathered and told by `heard`. A request
// to anywhere but this machine is gathered and goes nowhere. LASTLOOK_TOOLS says where the packages are installed.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(path.resolve(process.env.LASTLOOK_TOOLS, "node", "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
flags.push("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage");
const executablePath = process.env.PATH.split(":").map((folder) => path.join(folder, process.argv[2])).find(existsSync);
const browser = await chromium.launch({ executablePath, chromiumSandbox: false, args: flags });

const heard = { requests: [], dialogs: [], messages: [] };
let context, page;

/** A window; sessions go along from the one before it. */
async function open({ dark = false, width = 1000, height = 800, script = true }) {
  const storageState = await context?.storageState();
  await context?.close();
  const viewport = { width, height };
  const colorScheme = dark ? "dark" : "light";
  context = await browser.newContext({ storageState, viewport, colorScheme, javaScriptEnabled: script });
  await context.route("**/*", (route) => {
    const url = new URL(route.request().url());
    heard.requests.push(url.origin);
    return url.hostname === "127.0.0.1" ? route.continue() : route.abort();
  });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("dialog", (dialog) => {
    heard.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  page.on("console", (message) => heard.messages.push(message.text()));
  page.on("pageerror", (error) => heard.messages.push(String(error)));
}

/** Another site on this machine, with one page. */
function stand(html) {
  return new Promise((stands) => {
    const server = createServer((_, answer) => answer.setHeader("content-type", "text/html").end(html));
    server.unref().listen(0, "127.0.0.1", () => stands(`http://127.0.0.1:${server.address().port}/`));
  });
}

const doings = {
  open,
  go: async ({ url }) => (await page.goto(url)).status(),
  address: () => page.url(),
  /** Waits until the page is at this address. */
  at: ({ url }) => page.waitForURL(url),
  /** Waits until this can be seen; gives its text. */
  see: async ({ what }) => {
    const found = page.locator(what).first();
    await found.waitFor();
    return await found.innerText();
  },
  count: ({ what }) => page.locator(what).count(),
  key: ({ key }) => page.keyboard.press(key),
  type: ({ text }) => page.keyboard.type(text),
  click: ({ what }) => page.click(what),
  fill: ({ what, text }) => page.fill(what, text),
  look: ({ script }) => page.evaluate(script),
  /** What is serious or critical, each with the places it was found at. */
  axe: async () => {
    const session = await context.newCDPSession(page);
    // As the browser's own tools do it: the page's policy lets no script of ours in.
    await session.send("Runtime.evaluate", { expression: axe });
    const expression = "axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations))";
    const { result } = await session.send("Runtime.evaluate", { expression, awaitPromise: true });
    const grave = JSON.parse(result.value).filter(({ impact }) => ["serious", "critical"].includes(impact));
    const where = (node) => `${node.target}: ${node.failureSummary}`;
    return grave.map(({ id, impact, nodes }) => `${impact} ${id}\n${nodes.map(where).join("\n")}`);
  },
  stand: ({ html }) => stand(html),
  picture: async ({ file, whole = false }) => void (await page.screenshot({ path: file, fullPage: whole })),
  heard: () => heard,
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let told;
  try {
    told = { is: (await doings[asked.do](asked)) ?? null };
  } catch (error) {
    told = { failed: String(error) };
  }
  console.log(JSON.stringify(told));
}
await browser.close();
