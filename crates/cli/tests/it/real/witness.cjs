// Preloaded into the real filesystem server with `node --require`: writes down every change it makes to its folder.
//
// It changes nothing of what the server does. Told to (by environment), it makes it slow, or holds it for ever just
// before or just after one change, so that a test can kill its writer there.
//
//   WITNESS_LOG      file that gets one line of JSON a change: {"at": "before" | "done", "change": …, "file": …}
//   WITNESS_HOLD     before:NAME or done:NAME, the file's last name
//   WITNESS_SLOW_MS  how much longer each reading and each change takes

const fs = require("node:fs");
const path = require("node:path");
const calls = require("node:fs/promises");

const { WITNESS_LOG, WITNESS_HOLD, WITNESS_SLOW_MS } = process.env;
const slowly = () => new Promise((done) => (WITNESS_SLOW_MS ? setTimeout(done, Number(WITNESS_SLOW_MS)) : done()));

async function note(at, change, file) {
  fs.appendFileSync(WITNESS_LOG, JSON.stringify({ at, change, file, pid: process.pid }) + "\n");
  if (WITNESS_HOLD === `${at}:${path.basename(file)}`) await new Promise(() => setInterval(() => {}, 1 << 30));
}

function watch(change, target) {
  const real = calls[change];
  calls[change] = async (...given) => {
    const file = String(given[target]);
    // A temporary file is no change anyone sees: its renaming is.
    if (file.endsWith(".tmp")) return real(...given);
    await slowly();
    await note("before", change, file);
    const result = await real(...given);
    await note("done", change, file);
    return result;
  };
}

for (const [change, target] of [["rename", 1], ["writeFile", 0], ["mkdir", 0], ["unlink", 0], ["rm", 0]]) {
  watch(change, target);
}
const readFile = calls.readFile;
calls.readFile = async (...given) => {
  await slowly();
  return readFile(...given);
};
