// The ticket draft: what the machine proposes, what a person sets, and what is still missing.

import { decide } from "./api.js";
import { openEditor } from "./editor.js";
import { draftFields, factFields } from "./evidence.js";
import { factText } from "./facts.js";
import { divisions, happened, moment, percent, plain, remaining, trust } from "./format.js";
import { notify, telling } from "./notices.js";

const SURE = 0.8;
const LIKELY = 0.1;
const MOST_OFFERED = 3;

export class DraftView {
  constructor({ root, words, callId, onPlay, onReveal, onChanged }) {
    this.root = root;
    this.words = words;
    this.callId = callId;
    this.onPlay = onPlay;
    this.onReveal = onReveal;
    this.onChanged = onChanged;
    this.submit = root.querySelector("#submit");
    this.submit.addEventListener("click", () => telling(() => this.#submit()));
    root.addEventListener("click", (event) => this.#clicked(event));
  }

  /** Shows the draft of `view`; fields in `changed` flash and say why when pointed at. */
  render(view, changed = [], reasons = {}) {
    this.view = view;
    this.root.hidden = !view.ticket;
    if (!view.ticket) return;
    this.edits = new Map(view.edits.map((edit) => [edit.field, edit]));
    for (const [name, field] of draftFields(view.ticket)) {
      this.#row(name, field, changed.includes(name), reasons[name]);
    }
    this.#limits(view);
    this.#missing(view.standing?.missing ?? view.ticket.missing);
    this.root.querySelector("#flags").replaceChildren(...view.ticket.flags.map(flag));
    this.#facts(view.ticket.facts);
    const number = this.root.querySelector("#ticket-number");
    number.hidden = !view.submitted;
    number.textContent = view.submitted ? `已提交 ${view.submitted.number}` : "";
    this.submit.hidden = !this.words.decides || Boolean(view.submitted) || view.status.state !== "done";
  }

  get isOpen() {
    return this.words.decides && !this.view.submitted && ["live", "done"].includes(this.view.status.state);
  }

  #row(name, field, isChanged, why) {
    const row = this.#find(name);
    if (row.querySelector("form")) return; // somebody is typing here
    const edit = this.edits.get(name);
    const value = edit ? edit.value : field.value;
    showValue(row.querySelector(".value"), name, value, field.reason);
    row.classList.toggle("blank", value === null);
    row.classList.toggle("edited", Boolean(edit));
    showMeter(row.querySelector(".meter"), edit ? null : field);
    row.querySelector(".evidence").hidden = !field.evidence.length;
    row.querySelector(".edit").hidden = !this.isOpen;
    this.#alternatives(row, field, edit);
    this.#machine(row, field, edit);
    if (isChanged) {
      row.classList.remove("changed");
      void row.offsetWidth; // lets the animation start anew
      row.classList.add("changed");
      row.querySelector(".value").title = why ?? "";
    }
  }

  #alternatives(row, field, edit) {
    const box = row.querySelector(".alternatives");
    const others = this.isOpen ? worthOffering(field, edit) : [];
    box.hidden = !others.length;
    box.replaceChildren(
      ...others.map((alternative) => {
        const chip = document.createElement("button");
        chip.type = "button";
        chip.className = "alternative";
        chip.title = "改用这个";
        chip.append(plain(alternative.value), small(percent(alternative.confidence)));
        chip.choice = alternative.value;
        return chip;
      }),
    );
  }

  #machine(row, field, edit) {
    const note = row.querySelector(".machine");
    note.hidden = !edit;
    note.replaceChildren();
    if (!edit) return;
    note.append(`${edit.actor} 已改 · 机器：${plain(field.value) || "空"}`);
    if (field.value !== null && this.isOpen) {
      const back = document.createElement("button");
      back.type = "button";
      back.className = "link";
      back.textContent = "改回";
      back.choice = field.value;
      note.append(" ", back);
    }
  }

  #limits(view) {
    const due = view.standing ? view.standing.due_at : view.ticket.due_at;
    const cell = this.root.querySelector("#due");
    cell.textContent = due ? moment(due) : "未定";
    if (due) cell.append(small(remaining(due)));
    const contact = view.standing ? view.standing.respond_by : view.ticket.respond_by;
    this.root.querySelector("#respond-by-row").hidden = !contact;
    this.root.querySelector("#respond-by").textContent = contact ? moment(contact) : "–";
    this.root.querySelector("#sign-off").textContent = (view.standing ?? view.ticket).sign_off ?? "–";
    const handling = this.root.querySelector("#handling");
    handling.textContent = view.ticket.handling ?? "–";
    handling.parentElement.hidden = !view.ticket.handling;
  }

  #facts(facts) {
    const list = this.root.querySelector("#facts");
    const rows = facts ? factRows(facts) : [];
    list.hidden = !rows.length;
    list.replaceChildren(...rows.map(([name, label, text, evidence]) => {
      const row = document.createElement("div");
      row.dataset.field = name;
      row.evidence = evidence;
      row.tabIndex = evidence.length ? 0 : -1;
      const term = document.createElement("dt");
      term.textContent = label;
      const value = document.createElement("dd");
      value.textContent = text;
      row.append(term, value);
      return row;
    }));
  }

  #missing(labels) {
    const line = this.root.querySelector("#missing");
    line.hidden = !labels.length;
    for (const old of line.querySelectorAll(".chip")) old.remove();
    line.append(...labels.map((label) => chip(label, "ask")));
  }

  #clicked(event) {
    const row = event.target.closest("[data-field]");
    const button = event.target.closest("button");
    if (!row) return;
    const name = row.dataset.field;
    if (row.evidence) {
      if (row.evidence.length) {
        this.onReveal(name);
        this.onPlay(row.evidence[0].start_ms, row.evidence[0].end_ms);
      }
      return;
    }
    const field = new Map(draftFields(this.view.ticket)).get(name);
    if (button?.choice !== undefined) telling(() => this.#set(name, button.choice));
    else if (button?.matches(".edit")) this.#edit(row, name, field);
    else if (!button && !event.target.closest("form") && field.evidence.length) {
      this.onReveal(name);
    } else if (button?.matches(".evidence")) {
      this.onReveal(name);
      this.onPlay(field.evidence[0].start_ms, field.evidence[0].end_ms);
    }
  }

  #edit(row, name, field) {
    const edit = this.edits.get(name);
    openEditor(row, {
      value: edit ? edit.value : field.value,
      words: this.words,
      onSave: (value) => telling(() => this.#set(name, value)),
      onClose: () => this.#row(name, field, false),
    });
  }

  async #set(name, value) {
    await decide("PATCH", `/api/calls/${this.callId}/draft`, { [name]: value });
    await this.onChanged();
  }

  async #submit() {
    const ticket = await decide("POST", `/api/calls/${this.callId}/ticket`);
    notify(`工单 ${ticket.number} 已提交`, "good");
    await this.onChanged();
  }

  #find(name) {
    return this.root.querySelector(`[data-field="${CSS.escape(name)}"]`);
  }
}

function factRows(facts) {
  return factFields(facts).map(([name, label, field]) => [name, label, factText(field.value), field.evidence]);
}

export function showMeter(meter, field) {
  meter.hidden = !field || field.value === null;
  if (meter.hidden) return;
  meter.className = `meter ${trust(field.confidence)}`;
  meter.textContent = percent(field.confidence);
  meter.title = `机器把握 ${percent(field.confidence)}`;
  meter.style.setProperty("--share", field.confidence);
}

function showValue(box, name, value, reason) {
  box.replaceChildren();
  if (value === null) {
    box.append(small(reason ?? "未提及"));
  } else if (name === "occurred_at") {
    box.append(happened(value));
  } else {
    box.append(plain(value));
    if (name === "location" && divisions(value)) box.append(small(divisions(value)));
  }
}

export function flag(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

/** Where the machine is sure, its other guesses only clutter the screen. */
function worthOffering(field, edit) {
  const isSure = field.value !== null && field.confidence >= SURE;
  return field.alternatives
    .filter((other) => !isSure || other.confidence >= LIKELY)
    .filter((other) => !edit || plain(other.value) !== plain(edit.value))
    .slice(0, MOST_OFFERED);
}

function chip(text, kind) {
  const made = document.createElement("span");
  made.className = `chip ${kind}`;
  made.textContent = text;
  return made;
}

function small(text) {
  const made = document.createElement("small");
  made.textContent = text;
  return made;
}
