// Who sits at this screen: asked once, kept in this browser.

const KEY = "jiesu.actor";
const field = document.getElementById("actor");

export function actorName() {
  return field.value.trim();
}

export function askForActor() {
  field.focus();
  field.classList.add("asked");
}

field.value = localStorage.getItem(KEY) ?? "";
field.addEventListener("input", () => {
  localStorage.setItem(KEY, actorName());
  field.classList.remove("asked");
});
