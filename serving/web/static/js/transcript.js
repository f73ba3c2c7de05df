// The words of the call, as they come and as they stand.

import { clock, percent } from "./format.js";
import { pieces } from "./evidence.js";

const SPEAKERS = { agent: "坐席", citizen: "市民" };
const UNSURE = 0.6;
const NEAR_END_PX = 80;

export class TranscriptView {
  #items = new Map();

  constructor({ list, waiting, newest, onPlay }) {
    this.list = list;
    this.waiting = waiting;
    this.newest = newest;
    this.onPlay = onPlay;
    this.isFollowing = true;
    this.list.addEventListener("scroll", () => this.#noteScroll(), { passive: true });
    newest.addEventListener("click", () => this.follow());
    list.addEventListener("click", (event) => this.#clicked(event));
    list.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("mark")) this.#clicked(event);
    });
  }

  /** Shows utterances by start time; `quoted` says which words belong to which field. */
  render(utterances, quoted) {
    const shown = new Set();
    let before = null;
    for (const utterance of utterances) {
      const item = this.#item(utterance, quoted.get(utterance.id) ?? []);
      const expected = before ? before.nextSibling : this.list.firstChild;
      if (expected !== item) this.list.insertBefore(item, expected);
      before = item;
      shown.add(utterance.id);
    }
    for (const [id, item] of this.#items) {
      if (!shown.has(id)) {
        item.remove();
        this.#items.delete(id);
      }
    }
    if (this.isFollowing) this.list.scrollTop = this.list.scrollHeight;
  }

  say(text) {
    this.waiting.textContent = text;
    this.waiting.hidden = !text;
  }

  follow() {
    this.isFollowing = true;
    this.newest.hidden = true;
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** Marks what is being heard now. */
  playing(ms) {
    for (const item of this.#items.values()) {
      const isNow = ms !== null && ms >= item.utterance.start_ms && ms < item.utterance.end_ms;
      item.classList.toggle("now", isNow);
    }
  }

  reveal(name) {
    const mark = [...this.list.querySelectorAll("mark")].find((m) =>
      m.dataset.names.split(" ").includes(name));
    mark?.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  #item(utterance, quoted) {
    let item = this.#items.get(utterance.id);
    const version = JSON.stringify([utterance, quoted.map((q) => [q.name, q.evidence.quote])]);
    if (item?.version === version) return item;
    if (!item) {
      item = document.createElement("li");
      this.#items.set(utterance.id, item);
    }
    item.version = version;
    item.utterance = utterance;
    item.className = `utterance ${utterance.channel} ${utterance.isPartial ? "partial" : "final"}`;
    item.dataset.utterance = utterance.id;
    item.replaceChildren(this.#head(utterance), this.#text(utterance, quoted));
    return item;
  }

  #head(utterance) {
    const head = document.createElement("div");
    head.className = "who";
    const speaker = document.createElement("span");
    speaker.className = "speaker";
    speaker.textContent = SPEAKERS[utterance.channel];
    const at = document.createElement("button");
    at.type = "button";
    at.className = "at";
    at.textContent = clock(utterance.start_ms);
    at.title = "从这里播放";
    head.append(speaker, at);
    if (!utterance.isPartial && utterance.confidence < UNSURE) {
      const unsure = document.createElement("span");
      unsure.className = "unsure";
      unsure.textContent = `识别把握 ${percent(utterance.confidence)}`;
      head.append(unsure);
    }
    return head;
  }

  #text(utterance, quoted) {
    const text = document.createElement("p");
    if (utterance.isPartial) {
      const stable = document.createElement("span");
      stable.className = "stable";
      stable.textContent = utterance.text.slice(0, utterance.stable_chars);
      text.append(stable, utterance.text.slice(utterance.stable_chars));
      return text;
    }
    for (const piece of pieces(utterance, quoted)) {
      if (!piece.names.length) {
        text.append(piece.text);
        continue;
      }
      const mark = document.createElement("mark");
      mark.textContent = piece.text;
      mark.dataset.names = piece.names.join(" ");
      mark.tabIndex = 0;
      mark.evidence = piece.evidence;
      text.append(mark);
    }
    return text;
  }

  #clicked(event) {
    const item = event.target.closest("li.utterance");
    if (!item) return;
    const [evidence] = event.target.closest("mark")?.evidence ?? [];
    if (evidence) this.onPlay(evidence.start_ms, evidence.end_ms);
    else if (event.target.closest(".at")) this.onPlay(item.utterance.start_ms, null);
    else if (!getSelection().toString()) {
      this.onPlay(item.utterance.start_ms, item.utterance.end_ms);
    }
  }

  #noteScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    this.isFollowing = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    this.newest.hidden = this.isFollowing;
  }
}
