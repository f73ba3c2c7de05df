// The answers of a satisfaction callback.

import { flag, showMeter } from "./draft.js";

export class CallbackView {
  constructor({ root, words, onPlay, onReveal }) {
    Object.assign(this, { root, words, onPlay, onReveal });
    root.addEventListener("click", (event) => this.#clicked(event));
  }

  render(view) {
    this.view = view;
    const { callback } = view;
    this.root.hidden = !callback;
    if (!callback) return;
    for (const [name, values] of Object.entries(this.words.callback)) {
      const field = callback[name];
      const row = this.root.querySelector(`[data-field="callback.${name}"]`);
      const value = row.querySelector(".value");
      value.textContent = values[field.value] ?? "–";
      value.className = `value answer-${field.value}`;
      value.title = field.reason ?? "";
      showMeter(row.querySelector(".meter"), field.value === "unknown" ? null : field);
      row.querySelector(".evidence").hidden = !field.evidence.length;
    }
    this.root.querySelector("#reopen").hidden = !callback.reopen || view.status.state === "live";
    // While the call goes on, what is missing may still be said.
    const flags = view.status.state === "live" ? [] : callback.flags;
    this.root.querySelector("#callback-flags").replaceChildren(...flags.map(flag));
    const reasons = this.root.querySelector("#reasons");
    reasons.hidden = !callback.reasons.length;
    reasons.querySelector("ul").replaceChildren(...callback.reasons.map(flag));
  }

  #clicked(event) {
    const row = event.target.closest("[data-field]");
    if (!row) return;
    const [evidence] = this.view.callback[row.dataset.field.slice("callback.".length)].evidence;
    if (!evidence) return;
    this.onReveal(row.dataset.field);
    if (event.target.closest(".evidence")) this.onPlay(evidence.start_ms, evidence.end_ms);
  }
}
