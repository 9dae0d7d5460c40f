// The fields that a count and a household have in common: origin, present place, departure, reasons, hazard, kind of
// move.

import { Combobox } from "/static/combobox.js";
import { element } from "/static/elements.js";
import { Departure } from "/static/entry/departures.js";
import { input, isInCountry, options } from "/static/entry/fields.js";
import { localities, sites } from "/static/entry/places.js";
import { Reasons } from "/static/entry/reasons.js";

/**
 * For a place abroad or an unknown place, `pcode` is the code of a country. `settlement` is the code of the locality.
 * @typedef {{pcode: string, locality: string, settlement?: string, site?: string}} StatedPlace
 */
/** @typedef {import("/static/combobox.js").Option} Option */

export class Journey {
  /** @param {Option[]} [elsewhere] options beside the districts */
  constructor(elsewhere = []) {
    this.origin = new Combobox(input("origin"), [...options("places"), ...elsewhere]);
    this.destination = new Combobox(input("destination"), [...options("places"), ...elsewhere]);
    this.hazard = new Combobox(input("hazard"), options("hazards"));
    this.village = localities(this.origin);
    this.site = sites(this.destination, (kind) => {
      input("shelter").value = kind;
    });
    this.departure = new Departure();
    this.reasons = new Reasons();
    this.follows = true; // the present district repeats the district of origin until a person fills it in
    this.origin.input.addEventListener("blur", () => this.preset());
    this.destination.input.addEventListener("input", () => {
      this.follows = false;
    });
    input("mobility").addEventListener("change", () => this.showEvacuation());
  }

  /** @param {Combobox} combobox @returns {StatedPlace} */
  place(combobox) {
    const place = {
      pcode: combobox.chosen?.value ?? "",
      locality: input(`${combobox.input.id}-locality`).value.trim(),
    };
    const chosen = /** @type {import("/static/sites.js").PlaceOption | undefined} */ (
      (combobox === this.destination ? this.site : this.village).chosen
    );
    return {
      ...place,
      ...(chosen?.settlement && { settlement: chosen.settlement }),
      ...(chosen?.site && { site: chosen.site.site_id }),
    };
  }

  /** The journey in words, such as `Choko-Dobo, Kadamjai rayon → Leilek rayon`. */
  get text() {
    return [this.origin, this.destination]
      .map((combobox) => [this.place(combobox).locality, combobox.input.value].filter(Boolean).join(", "))
      .join(" → ");
  }

  /** Chooses the options whose names were typed, as if the person had left each field. */
  leave() {
    for (const combobox of [this.origin, this.destination, this.hazard]) combobox.leave();
  }

  get missing() {
    return [this.origin, this.destination].filter(({ chosen }) => !chosen).map(({ input }) => input);
  }

  get unknown() {
    return this.hazard.input.value.trim() && !this.hazard.chosen ? [this.hazard.input] : [];
  }

  /** Suggests the district of origin as the present district, because most callers have not left it. */
  preset() {
    const from = this.origin.chosen?.value;
    if (this.follows && from && isInCountry(from) && !this.site.chosen) this.destination.set(from);
  }

  showEvacuation() {
    element("evacuation-field").hidden = input("mobility").value !== "evacuation";
  }

  /**
   * Prepares the next report of the same call: keeps the district of origin, the hazard, the reasons and the kind of
   * move.
   * @param {HTMLFormElement} form
   */
  again(form) {
    const [from, type, reasons, mobility] = [
      this.origin.chosen?.value ?? "",
      this.hazard.chosen?.value ?? "",
      this.reasons.stated,
      input("mobility").value,
    ];
    form.reset();
    for (const combobox of [this.origin, this.destination, this.hazard, this.village, this.site]) combobox.clear();
    this.origin.set(from);
    this.hazard.set(type);
    this.reasons.show(reasons);
    input("mobility").value = mobility;
    this.follows = true;
    this.showEvacuation();
    this.departure.again();
    this.preset();
  }
}
