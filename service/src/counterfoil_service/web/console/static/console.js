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

// Audit: rows of events as they are sealed, put above those of the page until somebody pauses.
const tail = document.querySelector("[data-tail]");
if (tail) {
  const state = document.getElementById("tail-state");
  const pause = document.getElementById("tail-pause");
  const list = document.getElementById("events");
  const blank = document.getElementById("event-row").content.firstElementChild;
  const { here, people, staff } = tail.dataset;
  const most = 500;
  let source;
  let last;
  let count = 0;
  let told;

  const part = (row, name) => row.querySelector(`[data-part="${name}"]`);
  const lead = (row, name, href, label) => {
    const link = part(row, name);
    if (href === null) {
      link.remove();
      return;
    }
    link.href = href;
    if (label) link.setAttribute("aria-label", label);
  };
  const fill = (event) => {
    const row = blank.cloneNode(true);
    const iso = new Date(event.time / 1000).toISOString();
    row.dataset.position = event.position;
    row.className = "fresh";
    part(row, "time").firstElementChild.dateTime = iso;
    part(row, "time").firstElementChild.textContent = iso.slice(0, 19).replace("T", " ");
    part(row, "name").textContent = event.name;
    if (event.outcome !== "failure") part(row, "failure").remove();
    if (!event.alert) part(row, "alert").remove();
    part(row, "sentence").textContent = event.sentence;
    const acted = part(row, "staff");
    const member = acted.firstElementChild;
    for (const { id, address } of event.staff) {
      const link = member.cloneNode();
      const name = document.createElement("bdi");
      name.textContent = address;
      link.href = `${staff}/${id}`;
      link.append("Staff: ", name);
      acted.append(link, " ");
    }
    if (event.staff.length) member.remove();
    else acted.remove();
    const about = `of event ${event.position}`;
    lead(row, "login", event.login && `${here}/logins/${event.login}`, `Story ${about}`);
    lead(row, "person", event.subject && `${people}/${event.subject}`, `Person ${about}`);
    lead(row, "entry", `${here}/entries/${event.index}`);
    part(row, "entry").textContent = `Entry ${event.index}`;
    return row;
  };
  const say = () => {
    const counted = count ? `${count} new ${count === 1 ? "event" : "events"}` : "no new events yet";
    state.textContent = source ? `Live: ${counted}` : `Paused: ${counted}`;
  };
  // A screen reader hears of a burst once.
  const tell = () => {
    told ??= setTimeout(() => {
      told = undefined;
      say();
    }, 1500);
  };
  const receive = ({ data, lastEventId }) => {
    last = lastEventId;
    const event = JSON.parse(data);
    const row = fill(event);
    const shown = list.querySelector(`[data-position="${event.position}"]`);
    if (shown) {
      shown.replaceWith(row);
      row.className = "";
      return;
    }
    document.getElementById("events-shown").hidden = false;
    document.getElementById("no-events")?.remove();
    list.prepend(row);
    while (list.children.length > most) list.lastElementChild.remove();
    count += 1;
    tell();
  };
  const follow = () => {
    const url = new URL(tail.dataset.tail, location.href);
    if (last !== undefined) url.searchParams.set("from_index", Number(last) + 1);
    source = new EventSource(url);
    source.addEventListener("message", receive);
    source.addEventListener("error", () => {
      // The browser comes back by itself unless it was refused, as who was signed out is.
      if (source && source.readyState === EventSource.CLOSED) {
        source = undefined;
        state.textContent = "Live view ended: reload the page, or sign in again.";
        pause.hidden = true;
      }
    });
  };
  pause.hidden = false;
  pause.addEventListener("click", () => {
    if (source) {
      source.close();
      source = undefined;
    } else {
      follow();
    }
    pause.textContent = source ? "Pause" : "Go on";
    say();
  });
  follow();
  say();
  addEventListener("pagehide", () => source?.close());
}

// Audit: several bars of the time-line at once, by a pointer or by Shift and the arrow keys.
for (const plot of document.querySelectorAll("svg[data-timeline]")) {
  const bars = [...plot.querySelectorAll(":scope > a, :scope > g")];
  const links = bars.filter((bar) => bar.localName === "a");
  const shade = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  shade.setAttribute("class", "chosen");
  shade.setAttribute("height", plot.dataset.height);
  shade.setAttribute("y", "8");
  let from = null;
  let to = null;
  let dragged = false;

  const show = () => {
    if (from === null) {
      shade.remove();
      return;
    }
    const [first, final] = [Math.min(from, to), Math.max(from, to)];
    shade.setAttribute("x", `${(100 * first) / bars.length}%`);
    shade.setAttribute("width", `${(100 * (final - first + 1)) / bars.length}%`);
    plot.append(shade);
  };
  const forget = () => {
    from = to = null;
    show();
  };
  const moment = (place) => {
    const time = Number(plot.dataset.start) + place * Number(plot.dataset.width);
    return new Date(time / 1000).toISOString().replace(".000Z", "Z");
  };
  const apply = () => {
    const url = new URL(plot.dataset.timeline, location.href);
    url.searchParams.set("since", moment(Math.min(from, to)));
    url.searchParams.set("until", moment(Math.max(from, to) + 1));
    location.assign(url);
  };
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * bars.length);
    return Math.min(Math.max(place, 0), bars.length - 1);
  };

  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dragged = false;
    from = to = at(event);
  });
  plot.addEventListener("pointermove", (event) => {
    if (from === null || !(event.buttons & 1)) return;
    to = at(event);
    if (to !== from && !dragged) {
      dragged = true;
      plot.setPointerCapture(event.pointerId);
    }
    if (dragged) show();
  });
  plot.addEventListener("pointerup", () => {
    if (dragged) apply();
    else from = null;
  });
  plot.addEventListener("pointercancel", forget);
  plot.addEventListener("dragstart", (event) => event.preventDefault());
  plot.addEventListener("click", (event) => {
    if (dragged) event.preventDefault();
  });

  // One stop for the Tab key; the arrows go from bar to bar.
  const stop = (link) => {
    for (const each of links) each.setAttribute("tabindex", each === link ? "0" : "-1");
  };
  if (links.length) stop(links[links.length - 1]);
  // Not on the plot: Chromium makes an SVG element that listens for the focus a stop of its own.
  plot.parentElement.addEventListener("focusin", (event) => {
    const link = event.target.closest("svg a");
    if (link) stop(link);
  });
  plot.addEventListener("keydown", (event) => {
    const link = event.target.closest("a");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") {
      forget();
    } else if (event.key === "Enter" && from !== null) {
      event.preventDefault();
      apply();
    } else if (step && event.shiftKey) {
      event.preventDefault();
      from ??= bars.indexOf(link);
      to = Math.min(Math.max((to ?? from) + step, 0), bars.length - 1);
      show();
    } else if (step) {
      event.preventDefault();
      forget();
      links[links.indexOf(link) + step]?.focus();
    }
  });
  for (const words of document.querySelectorAll("[data-script]")) words.hidden = false;
}

// Audit: what the server computed of an entry, computed once more by this browser.
const proof = document.getElementById("proof");
if (proof && crypto.subtle) {
  const says = document.getElementById("browser-says");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const hash = async (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
    let place = 0;
    for (const each of parts) {
      whole.set(each, place);
      place += each.length;
    }
    return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  };
  const equal = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);
  const signed = async ({ key, signature, text }) => {
    const imported = await crypto.subtle.importKey("raw", bytes(key), { name: "Ed25519" }, false, ["verify"]);
    return crypto.subtle.verify({ name: "Ed25519" }, imported, bytes(signature), new TextEncoder().encode(text));
  };
  const verify = async () => {
    const { leaf, text } = proof.dataset;
    const first = proof.querySelector('[data-proof="leaf"]').textContent;
    let computed = leaf ? await hash(Uint8Array.of(0), bytes(leaf)) : unhex(first);
    for (const each of proof.querySelectorAll('[data-proof="sibling"]')) {
      const sibling = unhex(each.textContent);
      const pair = each.dataset.side === "left" ? [sibling, computed] : [computed, sibling];
      computed = await hash(Uint8Array.of(1), ...pair);
    }
    if (!equal(computed, bytes(text.split("\n")[2]))) return "This browser comes to another root: the proof does not hold.";
    try {
      if (!(await signed(proof.dataset))) return "This browser finds that the signature does not fit the checkpoint.";
    } catch {
      return "This browser computed the same root. It knows no Ed25519, so the signature was checked by the service alone.";
    }
    return "This browser computed the same root, and the signature by the key below fits.";
  };
  says.textContent = await verify().catch(() => "This browser could not compute the proof.");
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
