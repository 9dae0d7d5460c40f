// Instants in Bishkek time.

/** @param {Date} moment */
export function clock(moment) {
  return new Intl.DateTimeFormat("ru", { timeZone: "Asia/Bishkek", hour: "2-digit", minute: "2-digit" }).format(moment);
}
