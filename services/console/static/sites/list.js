// Draws the list of sites with their people.

import { folded, names } from "/static/combobox.js";
import { button, element, make } from "/static/elements.js";
import { nameOf, namesOf } from "/static/sites.js";
import { cell, head, number, row, small } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock, timeOf } from "/static/time.js";

/**
 * @typedef {import("/static/sites.js").Site} Site
 * @typedef {import("/static/sites.js").Occupancy} Occupancy
 * @typedef {import("/static/sites.js").Occupancies} Occupancies
 * @typedef {(site: Site) => import("/static/sites.js").PlaceOption | undefined} VillageOf the site's settlement of the
 *   gazetteer
 */

const FIRST = 100; // a country has thousands of schools, so further rows are drawn on request
let most = FIRST;

/**
 * @param {Site[]} sites
 * @param {Occupancies} occupancies
 * @param {{placeOf: (pcode: string) => string, villageOf: VillageOf, change: (site: Site) => void}} page
 */
export function draw(sites, occupancies, { placeOf, villageOf, change }) {
  const fitting = sites
    .filter((site) => fits(site, villageOf(site)))
    .sort((a, b) => rank(b, occupancies) - rank(a, occupancies) || nameOf(a).localeCompare(nameOf(b), "ru"));
  const focused = document.activeElement?.closest("tr")?.dataset.key;
  element("sites").replaceChildren(
    ...fitting
      .slice(0, most)
      .map((site) =>
        drawn(
          site,
          occupancies[site.site_id],
          placeIn(site, villageOf(site), placeOf),
          site.site_id in occupancies ? change : undefined,
        ),
      ),
  );
  element("count").textContent =
    fitting.length === sites.length
      ? number.format(sites.length)
      : sentence("shown", { count: fitting.length, all: sites.length });
  element("none").hidden = fitting.length > 0;
  element("more").hidden = fitting.length <= most;
  if (focused) focus(focused);
}

export function showMore() {
  most += FIRST;
}

/** @param {string} siteId */
export function focus(siteId) {
  /** @type {HTMLElement | null} */ (document.querySelector(`tr[data-key="${siteId}"] button`))?.focus();
}

/**
 * @param {Site} site
 * @param {ReturnType<VillageOf>} village
 * @param {(pcode: string) => string} placeOf
 */
function placeIn(site, village, placeOf) {
  return [village?.name ?? site.locality, placeOf(site.pcode)].filter(Boolean).join(", ");
}

/** @param {Site} site @param {ReturnType<VillageOf>} village */
function fits(site, village) {
  const state = /** @type {HTMLSelectElement} */ (element("filter-state")).value;
  const typed = folded(/** @type {HTMLInputElement} */ (element("search")).value);
  return (
    (!state || site.state === state) &&
    [...namesOf(site), site.locality ?? "", ...(village ? names(village) : [])].some((name) =>
      folded(name).includes(typed),
    )
  );
}

/**
 * Ranks sites: sites with people first, then sites that are not closed.
 * @param {Site} site
 * @param {Occupancies} occupancies
 */
function rank(site, occupancies) {
  return (occupancies[site.site_id]?.highest ?? 0) + (site.state === "closed" ? 0 : 0.5);
}

/**
 * @param {Site} site
 * @param {Occupancy | null | undefined} occupancy
 * @param {string} place
 * @param {((site: Site) => void) | undefined} change
 */
function drawn(site, occupancy, place, change) {
  const made = row([
    named(site, Boolean(change)),
    cell(words("types")[site.type]),
    cell(place),
    people(occupancy, site),
    numeric(site.capacity === null ? "–" : number.format(site.capacity)),
    state(site),
    needs(site),
    cell(...(change ? [changeButton(site, change)] : [])),
  ]);
  for (const [place, column] of [...document.querySelectorAll(".sites thead th")].entries()) {
    // the label of the cell on narrow screens, where the table has no head
    if (column.textContent) made.cells[place].dataset.label = column.textContent;
  }
  made.dataset.key = site.site_id;
  made.dataset.state = site.state;
  return made;
}

/**
 * Names the site. With `isOpen`, the name is a link. Readers can open only sites in their own areas.
 * @param {Site} site
 * @param {boolean} isOpen
 */
function named(site, isOpen) {
  const name = nameOf(site),
    others = namesOf(site).filter((other) => other !== name);
  const made = head(isOpen ? link(name, `/registry/sites/${site.site_id}`) : name);
  if (others.length) made.append(small(others.join(" · "), "other-names"));
  return made;
}

/** @param {Occupancy | null | undefined} occupancy @param {Site} site */
function people(occupancy, site) {
  if (!occupancy) return numeric("–", occupancy === null ? [small(sentence("uncounted"))] : []);
  const {
    lowest,
    highest,
    counted_at,
    has_partial_counts,
    registered_came: came,
    registered_left: left,
    is_registered,
    counted_at_precision: precision,
  } = occupancy;
  const range = lowest === highest ? number.format(highest) : `${number.format(lowest)}–${number.format(highest)}`;
  const isOver = site.capacity !== null && highest > site.capacity;
  const isMoved = came > 0 || left > 0;
  const marks = [
    ...(isMoved ? [small(sentence("moved", { came: number.format(came), left: number.format(left) }))] : []),
    ...(has_partial_counts ? [small(sentence("partial"))] : []),
    ...(isOver ? [small(sentence("over"), "bad")] : []),
  ];
  const source =
    is_registered || !counted_at
      ? sentence("registered")
      : sentence("counted", { time: timeOf(counted_at, precision) });
  return numeric(range, [small(source), ...marks]);
}

/** @param {string} text @param {HTMLElement[]} [below] */
function numeric(text, below = []) {
  const made = cell(text, ...below);
  made.className = "number";
  return made;
}

/** @param {Site} site */
function state(site) {
  const className = { open: "tag is-good", full: "tag is-loud" }[site.state] ?? "tag";
  return cell(make("span", { className, textContent: words("states")[site.state] }));
}

/** @param {Site} site */
function needs(site) {
  return cell(
    make(
      "div",
      { className: "needs" },
      ...site.needs.map((need) => {
        const title = sentence("since", {
          need: words("needs")[need],
          time: dayAndClock(new Date(site.needs_since[need])),
        });
        return make("span", { className: "tag", textContent: words("needs")[need], title });
      }),
    ),
  );
}

/** @param {string} text @param {string} path */
function link(text, path) {
  return make("a", { href: path, textContent: text });
}

/** @param {Site} site @param {(site: Site) => void} change */
function changeButton(site, change) {
  return Object.assign(
    button(sentence("change"), () => change(site)),
    { ariaLabel: sentence("change_site", { name: nameOf(site) }) },
  );
}
