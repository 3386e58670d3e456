"use strict";
// Filters the scenarios, and keeps the filter in the address, so that a link can be sent. Without it the page shows all.
(() => {
  const find = (name) => document.getElementById(name);
  const root = document.documentElement;
  root.classList.add("has-script");
  const panel = find("filter");
  if (!panel) return;
  const boxes = [...panel.querySelectorAll("input[type=checkbox]")];
  const step = find("by-step"), requirement = find("by-requirement"), words = find("by-text"), shown = find("shown");
  const entries = [...document.querySelectorAll("[data-filtered]")];
  const others = [...document.querySelectorAll("[data-filtered-beside]")];
  const rows = [...document.querySelectorAll("tr[data-verdict]")];
  const wholes = [...document.querySelectorAll("[data-filtered-whole]")];
  const groups = [...document.querySelectorAll(".group")];
  const texts = new Map();
  const failures = new Map(others.map((each) => [each.querySelector("h3[id]")?.id, each]));

  const textOf = (entry) => {
    if (!texts.has(entry)) {
      const link = entry.classList.contains("elsewhere") && entry.querySelector("a");
      const told = link && failures.get(link.hash.slice(1));
      texts.set(entry, (entry.textContent + " " + (told ? told.textContent : "")).toLowerCase());
    }
    return texts.get(entry);
  };

  const state = () => ({
    verdict: boxes.every((box) => box.checked) ? null : boxes.filter((box) => box.checked).map((box) => box.value),
    step: step.value,
    requirement: requirement.value.trim(),
    text: words.value.trim(),
  });

  const fits = (entry, wanted) => {
    const data = entry.dataset;
    if (wanted.verdict && !wanted.verdict.includes(data.verdict)) return false;
    if (wanted.step && data.step && wanted.step !== data.step) return false;
    if (wanted.requirement) {
      const start = wanted.requirement.toLowerCase();
      const names = data.requirements === undefined ? [...entry.querySelectorAll("code")].map((each) => each.textContent) : data.requirements.split(" ");
      if (!names.some((each) => each.toLowerCase().startsWith(start))) return false;
    }
    return wanted.text.toLowerCase().split(/\s+/).every((word) => textOf(entry).includes(word));
  };

  const hide = (element, hidden) => element.toggleAttribute("data-hidden", hidden);

  const apply = () => {
    const wanted = state();
    let count = 0;
    for (const entry of entries) {
      const fit = fits(entry, wanted);
      hide(entry, !fit);
      count += fit;
    }
    for (const other of [...others, ...rows]) hide(other, !fits(other, wanted));
    const some = (part) => part.querySelector("[data-filtered]:not([data-hidden])");
    for (const whole of wholes) {
      hide(whole, !some(whole));
      const left = whole.querySelectorAll("[data-filtered]:not([data-hidden])").length;
      whole.querySelector(".n").textContent = left;
    }
    for (const group of groups) hide(group, !some(group));
    root.classList.toggle("is-narrowed", count < entries.length);
    const template = count === entries.length ? shown.dataset.all : shown.dataset.some;
    shown.textContent = template.replace("{n}", count).replace("{all}", entries.length);
    return wanted;
  };

  const remember = () => {
    const wanted = apply();
    const parts = [];
    if (wanted.verdict) parts.push("verdict=" + (wanted.verdict.join(",") || "none"));
    for (const name of ["step", "requirement", "text"]) {
      if (wanted[name]) parts.push(name + "=" + encodeURIComponent(wanted[name]));
    }
    const address = parts.length ? "#" + parts.join("&") : location.pathname + location.search;
    try { history.replaceState(null, "", address); } catch { /* a frame without an address of its own */ }
  };

  const recall = () => {
    const told = location.hash.slice(1);
    if (told.includes("=")) {
      const wanted = new URLSearchParams(told);
      const verdicts = wanted.has("verdict") ? wanted.get("verdict").split(",") : null;
      for (const box of boxes) box.checked = !verdicts || verdicts.includes(box.value);
      step.value = wanted.get("step") || "";
      if (step.selectedIndex < 0) step.value = "";
      requirement.value = wanted.get("requirement") || "";
      words.value = wanted.get("text") || "";
      panel.open = true;
      apply();
      return;
    }
    apply();
    const place = told && find(told);
    if (!place) return;
    for (let part = place; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    place.scrollIntoView();
  };

  const clear = () => {
    for (const box of boxes) box.checked = true;
    step.value = requirement.value = words.value = "";
    remember();
  };

  const openAll = (open) => {
    for (const entry of entries) if (entry.tagName === "DETAILS" && !entry.hasAttribute("data-hidden")) entry.open = open;
    for (const whole of wholes) if (!whole.hasAttribute("data-hidden")) whole.open = open;
  };

  let waiting = 0;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(remember, 120); };
  for (const box of boxes) box.addEventListener("change", remember);
  step.addEventListener("change", remember);
  requirement.addEventListener("input", soon);
  words.addEventListener("input", soon);
  find("show-all").addEventListener("click", clear);
  find("open-all").addEventListener("click", () => openAll(true));
  find("fold-all").addEventListener("click", () => openAll(false));
  addEventListener("hashchange", recall);
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.matches("input:not([type=checkbox]), select, textarea");
    if (event.key === "Escape") clear();
    else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      panel.open = true;
      words.focus();
    }
  });
  recall();
})();
