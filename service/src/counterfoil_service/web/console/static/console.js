// SPDX-License-Identifier: Apache-2.0
// Makes pages better that work without it. Nothing here turns text into markup: the page's policy forbids it.

// A button that was pressed is not pressed twice by a hasty hand.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 3000);
  });
}

// Redirect URIs are judged by the server while they are typed.
const judged = (verdict) => {
  const line = document.createElement("li");
  const part = (name, text, ...classes) => {
    const made = document.createElement(name);
    made.textContent = text;
    made.classList.add(...classes);
    line.append(made, " ");
  };
  part("span", verdict.ok ? verdict.kind : "Not allowed", "tag", verdict.ok ? "good" : "bad");
  part("code", verdict.uri);
  part("span", verdict.says);
  if (verdict.instead) {
    part("span", "Did you mean");
    part("code", verdict.instead);
  }
  return line;
};

for (const area of document.querySelectorAll("textarea[data-check]")) {
  const list = document.getElementById(area.dataset.verdicts);
  let timer;
  let asking;
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const body = new URLSearchParams({ csrf: area.form.elements.csrf.value, redirect_uris: area.value });
    try {
      const answer = await fetch(area.dataset.check, { method: "POST", body, signal: asking.signal });
      if (answer.ok && answer.headers.get("content-type")?.startsWith("application/json")) {
        list.replaceChildren(...(await answer.json()).map(judged));
      }
    } catch {
      // The button beside it asks the same; and nothing is saved that the server does not allow.
    }
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 400);
  });
  if (area.value && !list.children.length) ask();
}

// What stands in a page to be copied is copied by a button.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !isSecureContext;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Could not copy: select it";
    }
    setTimeout(() => { button.textContent = words; }, 3000);
  });
}
