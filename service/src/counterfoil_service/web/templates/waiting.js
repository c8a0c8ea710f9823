// SPDX-License-Identifier: Apache-2.0
(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const left = document.getElementById("left");
  const end = Date.now() + left.dataset.seconds * 1000;
  setInterval(() => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }, 1000);
  for (;;) {
    const began = Date.now();
    try {
      const answer = await fetch(`${location.pathname}/state`, { cache: "no-store" });
      if (answer.status < 500 && (await answer.json()).state !== "pending") break;
    } catch {
      // no network for a moment
    }
    if (Date.now() - began < 2000) await pause(3000);
  }
  // The tab where the button was pressed goes first, and this one then finds its cookie.
  await pause(500);
  location.reload();
})();
