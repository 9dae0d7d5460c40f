// Dates and months in text fields, with the day before the month in every language. The URL has them in ISO 8601.

const WRITTEN = /^(?:(\d{1,2})\.)?(\d{1,2})\.(\d{4})$/;

/** `2026-06-30` as `30.06.2026`, `2026-06` as `06.2026`. @param {string} iso */
export function shown(iso) {
  return iso.split("-").reverse().join(".");
}

/** @param {string} text @returns {string | undefined} undefined if the text is not a date */
export function iso(text) {
  const match = WRITTEN.exec(text.trim());
  if (!match) return undefined;
  const [day, month, year] = [match[1] ?? "1", match[2], match[3]].map((part) => part.padStart(2, "0"));
  const date = new Date(`${year}-${month}-${day}T00:00Z`);
  const isThere = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}`);
  return isThere ? [year, month, ...(match[1] ? [day] : [])].join("-") : undefined;
}

/** Returns the date. A field with `data-date="day"` accepts no month. @param {HTMLInputElement} field */
function given(field) {
  const date = iso(field.value);
  return field.dataset.date === "day" && date?.length !== "2026-06-30".length ? undefined : date;
}

for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[data-date]"))) {
  field.value = shown(field.value);
  field.addEventListener("input", () => field.setCustomValidity(field.value && !given(field) ? field.placeholder : ""));
  field.form?.addEventListener("formdata", (event) =>
    event.formData.set(field.name, field.value && (given(field) ?? "")),
  );
}
