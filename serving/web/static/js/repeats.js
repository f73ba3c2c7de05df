// Earlier requests that this call may repeat, and the decision to merge with one.

import { asRole, decide, getJson } from "./api.js";
import { day } from "./format.js";
import { telling } from "./notices.js";

const WAIT_MS = 1500;

export class RepeatsView {
  constructor({ root, words, callId, onChanged }) {
    Object.assign(this, { root, words, callId, onChanged });
    this.found = [];
    this.looked = null;
    root.addEventListener("click", (event) => {
      const { merge } = event.target.closest("button") ?? {};
      if (merge !== undefined) telling(() => this.#merge(merge));
    });
  }

  /** Looks again when what tells a repeat has changed: number, place, matter. */
  render(view) {
    this.view = view;
    const { ticket } = view;
    const traits = ticket && JSON.stringify([
      ticket.title.value, ticket.caller.phone.value, ticket.location.value?.text, ticket.category.value, view.edits.length,
    ]);
    if (traits && traits !== this.looked) {
      this.looked = traits;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#look(), view.status.state === "live" ? WAIT_MS : 0);
    }
    this.#show();
  }

  async #look() {
    this.found = (await getJson(`/api/calls/${this.callId}/repeats`).catch(() => [])) ?? [];
    this.#show();
  }

  #show() {
    const chosen = this.view.edits.find((edit) => edit.field === "merge_with")?.value ?? null;
    this.root.hidden = !this.found.length || !this.view.ticket;
    const isOpen = this.words.decides && !this.view.submitted && ["live", "done"].includes(this.view.status.state);
    this.root.querySelector("ul").replaceChildren(...this.found.map((repeat) => this.#item(repeat, chosen, isOpen)));
  }

  #item(repeat, chosen, isOpen) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = asRole(`/calls/${encodeURIComponent(repeat.call_id)}`);
    link.textContent = repeat.title ?? repeat.call_id;
    const why = document.createElement("small");
    const number = repeat.number ? `工单 ${repeat.number} · ` : "";
    why.textContent = `${day(repeat.received_at)} · ${number}${repeat.reason}`;
    item.append(link, why);
    const isChosen = chosen === repeat.call_id;
    if (isChosen) item.classList.add("chosen");
    if (isOpen) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = isChosen ? "取消并入" : "并入该工单";
      button.merge = isChosen ? null : repeat.call_id;
      item.append(button);
    }
    return item;
  }

  async #merge(callId) {
    await decide("PATCH", `/api/calls/${this.callId}/draft`, { merge_with: callId });
    await this.onChanged();
  }
}
