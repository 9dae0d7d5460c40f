// What all pages do.

import "./clicks.js";
import { age } from "./ages.js";
import { make, renewText } from "./elements.js";
import { keepCurrent } from "./fragments.js";
import { now as serverNow } from "./server-time.js";
import { watchSession } from "./session.js";
import { days } from "./texts.js";
import { exactClock, today } from "./time.js";

// Only the texts change: a new element would make the browser compute the styles of the page again.
const time = document.createTextNode("");
const date = make("span", { className: "clock-day" });
document.getElementById("clock")?.replaceChildren(time, date);

function tick() {
  const now = serverNow();
  time.data = exactClock(now);
  const day = days[today(now)] ?? today(now);
  renewText(date, day);
  for (const element of document.querySelectorAll("time[data-age]"))
    renewText(element, age(element.getAttribute("datetime") ?? "", now));
}

function switchTheme() {
  const dark =
    getComputedStyle(document.documentElement).colorScheme === "dark" ||
    (document.documentElement.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = dark ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
}

// On a phone, the navigation is one scrolling line, which must show the current page's name.
document.querySelector(".bar nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.getElementById("theme")?.addEventListener("click", switchTheme);
const menu = /** @type {HTMLDetailsElement | null} */ (document.querySelector(".menu"));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
});
addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
});
if (document.body.dataset.keep) watchSession();
keepCurrent();
tick();
setInterval(tick, 1000);
