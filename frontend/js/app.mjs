// Loaded on every page as a module; every page also works without it.
import { initAll } from "./govuk-frontend.min.js";

document.documentElement.classList.add("has-script");
document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// After htmx has put in new content: wake its components and tell where the focus belongs.
document.body.addEventListener("htmx:afterSwap", (event) => {
  initAll({ scope: event.target });
  const summary = event.target.querySelector(".govuk-error-summary");
  if (summary) summary.focus();
});

// A second click on a button that has already sent its form does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.dataset.many !== undefined) return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  window.setTimeout(() => delete form.dataset.sent, 4000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// The chosen file's name, in our words instead of the browser's.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (!input.matches("input[type=file]")) return;
  const shown = input.closest(".rl-file")?.querySelector("[data-file-name]");
  if (shown) {
    const names = [...input.files].map((file) => file.name);
    shown.textContent = names.length ? names.join("、") : shown.dataset.fileName;
  }
});

// «打印» buttons are shown only where there is a script to print with.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
