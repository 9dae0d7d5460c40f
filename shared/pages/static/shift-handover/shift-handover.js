// The button for printing the sheet.

document.getElementById("print")?.addEventListener("click", () => print());
