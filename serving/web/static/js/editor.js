// A field of the draft being changed, in its own place on the screen.

import { PATH_JOINT, plain } from "./format.js";

const LISTS = { suggest: "agencies", path: "categories" };
const CHOICES = { request_type: "request_types", urgency: "urgencies" };

/** Puts a form in place of a field's value; hands the new value to `onSave`. */
export function openEditor(row, { value, words, onSave, onClose }) {
  const { editor, field } = row.dataset;
  const form = document.createElement("form");
  form.className = "editor";
  const input = makeInput(editor, field, value, words);
  input.setAttribute("aria-label", row.getAttribute("aria-label"));
  const save = button("保存", "submit", "button primary");
  const cancel = button("取消", "button", "button");
  form.append(input, save, cancel);
  const close = () => {
    form.remove();
    onClose();
    row.querySelector(".edit").focus();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    form.remove(); // first: a row with a form in it is left alone
    await onSave(text ? read(editor, text, value) : null);
    onClose();
  });
  cancel.addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  row.querySelector(".value").replaceChildren(form);
  input.focus();
  input.select?.();
}

function makeInput(editor, field, value, words) {
  if (editor === "choice") {
    const select = document.createElement("select");
    const choices = words[CHOICES[field]];
    const all = value && !choices.includes(value) ? [value, ...choices] : choices;
    select.append(...all.map((choice) => new Option(choice, choice, false, choice === value)));
    return select;
  }
  if (editor === "text") {
    const area = document.createElement("textarea");
    area.rows = Math.min(8, Math.max(3, Math.ceil(plain(value).length / 28)));
    area.value = plain(value);
    return area;
  }
  const input = document.createElement("input");
  input.type = editor === "moment" ? "datetime-local" : "text";
  input.value = editor === "moment" ? (value ?? "").slice(0, 16) : plain(value);
  if (LISTS[editor]) input.setAttribute("list", LISTS[editor]);
  if (editor === "phone") input.inputMode = "tel";
  return input;
}

function read(editor, text, before) {
  switch (editor) {
    case "path":
      return text.split(PATH_JOINT.trim()).map((name) => name.trim()).filter(Boolean);
    case "moment":
      return `${text}:00+08:00`;
    case "place":
      // Divisions that were resolved from other words no longer hold.
      return before?.text === text
        ? before
        : { text, province: null, city: null, district: null, street: null, community: null, code: null };
    case "phone":
      return text.replace(/[\s-]/g, "");
    default:
      return text;
  }
}

function button(label, type, className) {
  const made = document.createElement("button");
  made.type = type;
  made.className = className;
  made.textContent = label;
  return made;
}
