// The list of calls: kept up to date, and the ways to bring in another.

import { decide, post, problemOf } from "./api.js";
import { notify, telling } from "./notices.js";

const rows = document.getElementById("rows");
const form = document.getElementById("upload");
const input = document.getElementById("file");
const uploads = document.getElementById("uploads");
const FAST_MS = 2000;
const SLOW_MS = 10000;

async function refresh() {
  if (document.hidden || rows.contains(document.activeElement)) return;
  const response = await fetch(`/calls/rows?${rows.dataset.query}`).catch(() => null);
  if (!response?.ok) return;
  rows.innerHTML = await response.text(); // rendered and escaped by the service
  const counts = new URLSearchParams(response.headers.get("X-Counts"));
  for (const count of document.querySelectorAll("[data-count]")) {
    const states = count.dataset.count ? count.dataset.count.split(" ") : [...counts.keys()];
    count.textContent = states.reduce((sum, state) => sum + Number(counts.get(state) ?? 0), 0);
  }
}

async function keepFresh() {
  for (;;) {
    const isBusy = rows.querySelector("[data-state=live], [data-state=queued], [data-state=processing]");
    await new Promise((resolve) => setTimeout(resolve, isBusy ? FAST_MS : SLOW_MS));
    await refresh();
  }
}

/** XMLHttpRequest, since fetch does not tell how much has been sent. */
function upload(file) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = file.name;
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.setAttribute("aria-label", `上传 ${file.name}`);
  item.append(name, bar);
  uploads.append(item);
  const body = new FormData();
  body.append("file", file);
  const request = new XMLHttpRequest();
  request.open("POST", "/api/calls");
  request.responseType = "text";
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
  });
  return new Promise((resolve) => {
    request.addEventListener("loadend", async () => {
      if (request.status === 202) {
        item.remove();
        resolve(JSON.parse(request.responseText));
        return;
      }
      const problem = await problemOf(new Response(request.responseText, { status: request.status || 503 }));
      item.className = "failed";
      bar.replaceWith(problem.message);
      setTimeout(() => item.remove(), SLOW_MS);
      resolve(null);
    });
    request.send(body);
  });
}

async function uploadAll(files) {
  const sent = [];
  for (const file of files) sent.push(await upload(file));
  form.reset();
  await refresh();
  const taken = sent.filter(Boolean);
  if (files.length === 1 && taken.length === 1) location.assign(`/calls/${taken[0].call_id}`);
}

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("over");
  if (event.dataTransfer.files.length) uploadAll([...event.dataTransfer.files]);
});
input.addEventListener("change", () => uploadAll([...input.files]));

for (const button of document.querySelectorAll("[data-sample]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    const call = await telling(() => post("/api/demo-calls", { sample: button.dataset.sample }));
    button.disabled = false;
    if (call) location.assign(call.page);
  });
}

rows.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-delete]");
  if (!button) return;
  const isSure = button.classList.contains("sure");
  button.classList.add("sure");
  button.textContent = "确认删除？";
  if (!isSure) return;
  button.blur();
  await telling(async () => {
    await decide("DELETE", `/api/calls/${button.dataset.delete}`);
    notify("已删除", "good");
  });
  await refresh();
});
rows.addEventListener("focusout", (event) => {
  if (event.target.matches?.(".sure")) {
    event.target.classList.remove("sure");
    event.target.textContent = "删除";
  }
});

keepFresh();
