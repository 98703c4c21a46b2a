/* Counts what is chosen in a list on the buttons below it, and chooses all of a page at once.
   Without this file the buttons say "the chosen" ones, and do the same. */
(() => {
  "use strict";
  for (const form of document.querySelectorAll("[data-choosing]")) {
    const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
    const buttons = [...form.querySelectorAll("button[data-one]")];
    const plain = new Map(buttons.map((button) => [button, button.textContent]));
    const place = form.querySelector("[data-choose-all]");
    let all = null;

    const count = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      for (const button of buttons) {
        const words = chosen === 1 ? button.dataset.one : button.dataset.many.replace("%", chosen);
        button.textContent = chosen ? words : plain.get(button);
      }
      if (all) all.checked = chosen > 0 && chosen === boxes.length;
    };

    if (place && boxes.length > 1) {
      all = document.createElement("input");
      all.type = "checkbox";
      all.className = "choose-all";
      all.setAttribute("aria-label", place.dataset.chooseAll);
      all.addEventListener("change", () => {
        for (const box of boxes) box.checked = all.checked;
        count();
      });
      place.replaceWith(all);
    }
    form.addEventListener("change", count);
    count();
  }
})();
