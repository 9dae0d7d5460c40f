// The button that prints the sheet of a shift handover.

document.getElementById("print")?.addEventListener("click", () => print());
