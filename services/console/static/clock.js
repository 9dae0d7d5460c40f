// Instants on the clock of Bishkek, and back.

/** @param {Date} moment */
export function clock(moment) {
  return new Intl.DateTimeFormat("ru", { timeZone: "Asia/Bishkek", hour: "2-digit", minute: "2-digit" }).format(moment);
}

/** Today's HH:MM on the clock of Bishkek, or yesterday's where that is still to come. @param {string} time */
export function instant(time) {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Bishkek" }).format(new Date());
  const moment = new Date(`${today}T${time}:00+06:00`);
  if (moment.getTime() > Date.now() + 60_000) moment.setUTCDate(moment.getUTCDate() - 1);
  return moment.toISOString();
}
