"use strict";
// Every page works without this file. It moves focus to a list of errors, stops a second click on
// a form that is under way (the server has the real guard), and gives lists keys that open rows.
(() => {
  document.querySelector(".error-summary")?.focus();

  addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-disabled", "true");
    setTimeout(() => release(form), 8000);
  });
  // A page that the back button brings back must take a new click.
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
  function release(form) {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  }

  const find = document.querySelector("[data-filter]");
  if (find) {
    const rows = [...find.form.querySelectorAll(find.dataset.filter)];
    find.parentElement.hidden = false;
    find.addEventListener("input", () => {
      const words = find.value.trim().toLowerCase();
      for (const row of rows) {
        row.hidden = !row.textContent.toLowerCase().includes(words) && !row.querySelector(":checked");
      }
    });
    // Enter in the search box must not send the form; its own change is no answer.
    find.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    find.addEventListener("change", (event) => event.stopPropagation());
  }

  const legend = document.querySelector("[data-shortcuts]");
  const toggle = document.querySelector("[data-shortcuts-toggle]");
  let off = localStorage.getItem("shortcuts") === "off";
  const say = () => { if (toggle) toggle.textContent = off ? toggle.dataset.on : toggle.dataset.off; };
  if (legend) legend.hidden = false;
  say();
  toggle?.addEventListener("click", () => {
    off = !off;
    localStorage.setItem("shortcuts", off ? "off" : "on");
    say();
  });

  let before = "";
  addEventListener("keydown", (event) => {
    if (off || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const key = event.key;
    const pair = `${before} ${key}`;
    before = key;
    setTimeout(() => { before = ""; }, 1000);
    if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
    const named = [...document.querySelectorAll("[data-key]")];
    const found = named.find((one) => one.dataset.key === pair) || named.find((one) => one.dataset.key === key);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input, select, textarea")) found.focus();
    else found.click();
  });
  function step(by) {
    const links = [...document.querySelectorAll("[data-rows] tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by]?.focus();
  }
})();
