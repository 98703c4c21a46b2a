/* Lets an uploaded field be dragged to the import field that it feeds. What counts is the
   select beside the import field: without this file, and from the keyboard, it is all one needs. */
(() => {
  "use strict";
  const fields = document.querySelector("[data-uploaded-fields]");
  if (!fields) return;
  const selects = [...document.querySelectorAll("[data-import-field] select[name^='column-']")];
  const chips = [...fields.querySelectorAll("[data-field]")];
  let dragged = null;

  const showUsed = () => {
    const used = new Set(selects.map((select) => select.value));
    for (const chip of chips) chip.classList.toggle("is-used", used.has(chip.dataset.field));
  };

  for (const chip of chips) {
    chip.addEventListener("dragstart", (event) => {
      dragged = chip.dataset.field;
      event.dataTransfer.effectAllowed = "copy";
      event.dataTransfer.setData("text/plain", dragged);
    });
    chip.addEventListener("dragend", () => {
      dragged = null;
    });
  }
  for (const select of selects) {
    const row = select.closest("[data-import-field]");
    const leave = () => row.classList.remove("is-target");
    row.addEventListener("dragover", (event) => {
      if (dragged === null) return;
      event.preventDefault();
      row.classList.add("is-target");
    });
    row.addEventListener("dragleave", leave);
    row.addEventListener("drop", (event) => {
      leave();
      if (dragged === null) return;
      event.preventDefault();
      select.value = dragged;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      select.focus();
    });
    select.addEventListener("change", showUsed);
  }
  fields.hidden = false;
  showUsed();
})();
