// Behaviour of the pages. Everything works without it as plain HTTP; this adds comfort.
const $ = (q, root = document) => root.querySelector(q);
const $$ = (q, root = document) => [...root.querySelectorAll(q)];
const html = document.documentElement;
html.classList.add("js");

// ---- words for people
const say = (text) => {
  $(".toast")?.remove();
  const box = document.createElement("div");
  box.className = "toast";
  box.setAttribute("role", "status");
  box.textContent = text;
  document.body.append(box);
  setTimeout(() => box.remove(), 6000);
};
const trouble = (text) => {
  const box = $("[data-trouble]");
  if (!box) return;
  box.textContent = text;
  box.hidden = false;
};

// ---- unsaved changes
const valueOf = (el) =>
  el.type === "checkbox" || el.type === "radio" ? (el.checked ? el.value : "") : el.value;
const tracked = (form) =>
  [...form.elements].filter((el) => el.name && !["hidden", "submit", "button"].includes(el.type) && !el.name.startsWith("_"));
const defaultOf = (el) => {
  if (el.type === "checkbox" || el.type === "radio") return el.defaultChecked ? el.value : "";
  if (el.tagName === "SELECT") {
    const chosen = [...el.options].filter((o) => o.defaultSelected);
    return (chosen[0] ?? el.options[0])?.value ?? "";
  }
  return el.defaultValue;
};
const changed = (form) => new Set(tracked(form).filter((el) => valueOf(el) !== defaultOf(el)).map((el) => el.name));
const leaving = { ok: false };
const showDirty = (form) => {
  const n = changed(form).size + Number(form.dataset.unsaved ?? 0);
  const bar = $(`.savebar[data-for="${form.getAttribute("id")}"]`) ?? form;
  const mark = $("[data-changes]", bar);
  if (mark) {
    mark.hidden = n === 0;
    $("[data-count]", mark).textContent = `${n} change${n === 1 ? "" : "s"} not saved`;
  }
  $$("[data-undo]", bar).forEach((b) => (b.disabled = n === 0));
  form.classList.toggle("dirty", n > 0);
};
addEventListener("beforeunload", (event) => {
  if (!leaving.ok && $("form.dirty")) event.preventDefault();
});

// ---- picking rows
// An input may be called "id" or "method": ask for attributes, not for properties.
const idOf = (form) => form.getAttribute("id");
const picks = (form) => $$(`.pick[form="${idOf(form)}"]`);
const showBulk = (form) => {
  const all = picks(form), on = all.filter((el) => el.checked).length;
  const whole = $("[data-all]", form)?.checked;
  form.classList.toggle("on", on > 0 || whole);
  const said = $("[data-selected]", form);
  if (said) said.textContent = `${on} selected`;
  $$(`.pick-all[data-form="${idOf(form)}"]`).forEach((el) => {
    el.checked = on > 0 && on === all.length;
    el.indeterminate = on > 0 && on < all.length;
  });
};

// ---- lists with a filter
const filter = (input) => {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  $$(`${input.dataset.filter} > li`).forEach((li) => {
    const text = li.textContent.toLowerCase();
    li.classList.toggle("miss", !words.every((w) => text.includes(w)));
  });
};
const showTicked = (multi) => {
  const boxes = $$("li input[type=checkbox]", multi);
  const said = $("[data-ticked]", multi);
  if (said) said.textContent = `${boxes.filter((b) => b.checked).length} of ${boxes.length} ticked`;
};

// ---- floating things
const openDialog = (id) => {
  const dialog = document.getElementById(id);
  if (!dialog?.showModal) return false;
  dialog.showModal();
  ($("[autofocus], input, [data-close]", dialog) ?? dialog).focus();
  return true;
};
let tip;
const hideTip = () => { tip?.remove(); tip = null; };
const showTip = (el) => {
  hideTip();
  tip = document.createElement("div");
  tip.className = "tip";
  tip.textContent = el.dataset.tip;
  document.body.append(tip);
  const box = el.getBoundingClientRect(), own = tip.getBoundingClientRect();
  const left = Math.max(4, Math.min(innerWidth - own.width - 4, box.left + box.width / 2 - own.width / 2));
  const top = box.top - own.height - 6 < 4 ? box.bottom + 6 : box.top - own.height - 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
};

// ---- one listener per kind of event; parts that htmx brings need no set-up
document.addEventListener("click", async (event) => {
  const at = (q) => event.target.closest(q);
  let el;
  if ((el = at("[data-copy]"))) {
    try {
      await navigator.clipboard.writeText(el.dataset.copy);
      say(`Copied ${el.dataset.copy.length > 60 ? "the text" : el.dataset.copy}`);
    } catch {
      say("The browser did not allow copying. Select the text and copy it.");
    }
  } else if ((el = at("[data-dialog]"))) {
    if (openDialog(el.dataset.dialog)) event.preventDefault();
  } else if ((el = at("[data-close]"))) {
    el.closest("dialog")?.close();
  } else if ((el = at("[data-use]"))) {
    const target = document.getElementById(el.dataset.for);
    target.value = el.dataset.use;
    el.closest("dialog")?.close();
    target.dispatchEvent(new Event("input", { bubbles: true }));
    target.dispatchEvent(new Event("change", { bubbles: true }));
    target.focus();
  } else if ((el = at("[data-only-ticked]"))) {
    const on = el.closest("[data-multi]").classList.toggle("ticked");
    el.setAttribute("aria-pressed", on);
    el.textContent = on ? "Show all" : "Show ticked only";
  } else if ((el = at("[data-add-row]"))) {
    const body = $(`${el.dataset.addRow} tbody`);
    const row = body.lastElementChild.cloneNode(true);
    $$("input", row).forEach((input) => (input.value = ""));
    body.append(row);
    $("input", row).focus();
  } else if ((el = at("[data-undo]"))) {
    const form = document.getElementById(el.getAttribute("form")) ?? el.closest("form");
    if (changed(form).size > 1 && !confirm("Undo all changes on this page that are not saved?")) return;
    leaving.ok = true;
    location.href = el.dataset.undo || location.href;
  } else if ((el = at("[data-find]"))) {
    event.preventDefault();
    $(".top .search").classList.add("open");
    $("#search").focus();
  } else if ((el = at(".toc a, .savebar .said a, #errors a"))) {
    const target = document.getElementById(el.hash.slice(1));
    const into = target?.matches("input,select,textarea") ? target : target && $("input:not([type=hidden]),select,textarea,summary", target);
    if (into && !el.closest(".toc")) setTimeout(() => into.focus({ preventScroll: false }), 0);
  }
});
document.addEventListener("input", (event) => {
  const el = event.target;
  if (el.dataset.filter) return filter(el);
  if (el.dataset.confirmValue !== undefined) {
    $$("[data-confirmed]", el.form).forEach((b) => (b.disabled = el.value.trim() !== el.dataset.confirmValue));
  }
  if (el.closest("[data-multi]")) showTicked(el.closest("[data-multi]"));
  const row = el.closest(".sched label");
  if (row && el.type !== "radio") { const radio = $("input[type=radio]", row); if (radio) radio.checked = true; }
  if (el.form?.dataset.dirty === "") showDirty(el.form);
});
document.addEventListener("change", (event) => {
  const el = event.target;
  if (el.matches(".pick-all")) {
    const form = document.getElementById(el.dataset.form);
    picks(form).forEach((box) => (box.checked = el.checked));
    showBulk(form);
  } else if (el.matches(".pick, [data-all]") && el.form) showBulk(el.form);
  if (el.form?.dataset.dirty === "") showDirty(el.form);
  if (el.dataset.submit !== undefined) el.form.requestSubmit();
  if (el.dataset.needs && el.checked) el.dataset.needs.split(" ").forEach((key) => {
    const box = el.form.elements[`features.${key}`];
    if (box && !box.disabled) box.checked = true;
  });
});
document.addEventListener("toggle", (event) => {
  const el = event.target;
  if (el.matches?.("[data-secret]")) {
    const input = $("input", el);
    if (!el.open) { input.value = ""; if (input.form) showDirty(input.form); } else if (el.contains(document.activeElement)) input.focus();
  } else if (el.matches?.(".menu") && el.matches(":popover-open")) {
    if (!CSS.supports("position-area", "bottom")) {
      const by = $(`[popovertarget="${el.id}"]`).getBoundingClientRect(), own = el.getBoundingClientRect();
      el.style.left = `${Math.max(4, by.right - own.width)}px`;
      el.style.top = `${by.bottom + own.height + 8 > innerHeight ? Math.max(4, by.top - own.height - 8) : by.bottom}px`;
    }
    $("a, button", el)?.focus({ focusVisible: false });
  }
}, true);
document.addEventListener("submit", (event) => {
  leaving.ok = true;
  setTimeout(() => (leaving.ok = false), 3000);
  const form = event.target;
  if (form.dataset.sent && !event.submitter?.hasAttribute("hx-post")) return event.preventDefault();
  if (form.getAttribute("method") === "post" && !form.hasAttribute("hx-post") && !event.submitter?.hasAttribute("hx-post")) {
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  }
});
for (const [on, off] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
  document.addEventListener(on, (event) => { const el = event.target.closest?.("[data-tip]"); if (el) showTip(el); });
  document.addEventListener(off, (event) => { if (event.target.closest?.("[data-tip]")) hideTip(); });
}

// ---- theme without a reload
document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!button?.matches("[data-theme-button]")) return;
  event.preventDefault();
  const dark = html.dataset.theme ? html.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const next = dark ? "light" : "dark";
  const body = new FormData(event.target);
  body.set("theme", next);
  html.dataset.theme = next;
  $("use", button).setAttribute("href", $("use", button).getAttribute("href").replace(/#.*/, next === "dark" ? "#moon" : "#sun"));
  button.setAttribute("aria-label", next === "dark" ? "Light colours" : "Dark colours");
  await fetch(event.target.getAttribute("action"), { method: "POST", body });
});

// ---- keys
const places = { d: "dashboard", c: "connectors", s: "syncs", m: "messages", r: "records", l: "logs" };
let went = 0;
const rows = () => $$("main tbody tr:not(.grp)").filter((row) => $("th a, .pick", row));
const step = (by) => {
  const all = rows();
  const now = all.findIndex((row) => row.classList.contains("here"));
  const next = all[Math.max(0, Math.min(all.length - 1, now + by))];
  if (!next) return;
  all.forEach((row) => row.classList.toggle("here", row === next));
  ($("th a", next) ?? $(".pick", next)).focus();
  next.scrollIntoView({ block: "nearest" });
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideTip();
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    const save = $(".savebar .btn.fill:not(:disabled)");
    if (save) { event.preventDefault(); save.click(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !document.body.hasAttribute("data-keys")) return;
  if (event.target.closest("input:not([type=checkbox],[type=radio]),select,textarea,dialog[open],[popover]:popover-open")) return;
  if (went && Date.now() - went < 1500) {
    went = 0;
    const link = $$(".side a.nav").find((a) => $("use", a) && a.textContent.trim().toLowerCase().startsWith(places[event.key] ?? "\u0000"));
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  if (event.key === "g") went = Date.now();
  else if (event.key === "/" && $("#search")) { event.preventDefault(); $(".top .search").classList.add("open"); $("#search").focus(); }
  else if (event.key === "?") openDialog("keys");
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "x") { const box = $("tr.here .pick"); if (box) { box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); } }
});

// ---- parts that htmx brings
const intoView = (el) => {
  const strip = el.parentElement;
  if (strip.scrollWidth > strip.clientWidth) strip.scrollLeft = el.offsetLeft - (strip.clientWidth - el.offsetWidth) / 2;
};
const focusOnce = () => {
  const el = $("[data-focus]");
  if (!el) return;
  delete el.dataset.focus;
  el.focus();
};
const fresh = (root) => {
  $$("form[data-dirty]", root).forEach(showDirty);
  $$("form.bulk", root).forEach(showBulk);
  $$("[data-confirmed]", root).forEach((b) => (b.disabled = true));
  focusOnce();
  $$(".tabs [aria-current]", root).forEach(intoView);
};
// ---- rows that count with some values of another field only
const showCounting = () => $$("[data-when]").forEach((row) => {
  const other = document.getElementsByName(row.dataset.when)[0];
  if (other) row.hidden = !row.dataset.values.split(" ").includes(other.value);
});
document.addEventListener("change", showCounting);
showCounting();

document.addEventListener("htmx:after:swap", () => { showCounting(); $$("form[data-dirty]").forEach(showDirty); $$("form.bulk").forEach(showBulk); focusOnce(); });
// a followed list stands still while somebody is in it
document.addEventListener("htmx:before:request", (e) => e.detail.ctx.sourceElement.matches("[data-calm]:is(:hover,:focus-within)") && e.preventDefault());
document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail?.ctx?.response?.raw?.status ?? event.detail?.ctx?.response?.status ?? 500;
  if (status >= 500) trouble("The hub could not do this. Try again.");
  else if (status !== 401 && status !== 422) trouble((event.detail?.ctx?.text ?? "").slice(0, 400) || "The hub refused this.");
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail?.ctx && !event.detail.ctx.response) trouble("The hub did not answer. Is it still running? The page shows the last known values.");
});

// ---- section list follows the page
const toc = $("[data-toc]");
if (toc) {
  const links = $$("a[href^='#']", toc);
  const parts = links.map((a) => document.getElementById(a.hash.slice(1))).filter(Boolean);
  const mark = () => {
    const edge = innerHeight * 0.3;
    let now = parts.filter((p) => p.getBoundingClientRect().top < edge).at(-1) ?? parts[0];
    if (innerHeight + scrollY >= html.scrollHeight - 4) now = parts.at(-1);
    links.forEach((a) => { const on = a.hash === `#${now?.id}`; if (on && !a.classList.contains("on")) intoView(a); a.classList.toggle("on", on); });
  };
  let waits = false;
  addEventListener("scroll", () => { if (!waits) { waits = true; requestAnimationFrame(() => { waits = false; mark(); }); } }, { passive: true });
  mark();
}
fresh(document);
