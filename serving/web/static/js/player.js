// The recording: heard from any word on, and seen as two lanes of speech.

import { clock } from "./format.js";

const LEAD_MS = 150;
const STEP_MS = 3000;

export class Player {
  #stopAtMs = null;
  #length = 0;

  constructor({ root, onTime }) {
    this.audio = root.querySelector("audio");
    this.button = root.querySelector("#play");
    this.timeline = root.querySelector("#timeline");
    this.playhead = root.querySelector(".playhead");
    this.position = root.querySelector("#position");
    this.length = root.querySelector("#length");
    this.lanes = { agent: root.querySelector(".lane.agent"), citizen: root.querySelector(".lane.citizen") };
    this.onTime = onTime;
    this.button.addEventListener("click", () => this.toggle());
    root.querySelector("#speed").addEventListener("change", (event) => {
      this.audio.playbackRate = Number(event.target.value);
    });
    for (const name of ["timeupdate", "seeked", "play", "pause", "ended"]) {
      this.audio.addEventListener(name, () => this.#show());
    }
    this.timeline.addEventListener("click", (event) => this.#seekTo(event));
    this.timeline.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("keydown", (event) => {
      const isBusy = event.target.closest?.("input, textarea, select, button, dialog, [tabindex='0']");
      if (event.code === "Space" && !isBusy) {
        event.preventDefault();
        this.toggle();
      }
    });
  }

  get hasAudio() {
    return Boolean(this.audio.src);
  }

  load(url) {
    if (this.audio.src.endsWith(url)) return;
    this.audio.src = url;
    this.button.disabled = false;
    this.playhead.hidden = false;
  }

  /** Plays from `start_ms`, to `end_ms` where one is given. */
  play(start_ms, end_ms = null) {
    if (!this.hasAudio) return;
    this.#stopAtMs = end_ms === null ? null : end_ms + LEAD_MS;
    this.audio.currentTime = Math.max(0, start_ms - LEAD_MS) / 1000;
    this.audio.play().catch(() => {});
  }

  toggle() {
    if (!this.hasAudio) return;
    this.#stopAtMs = null;
    if (this.audio.paused) this.audio.play().catch(() => {});
    else this.audio.pause();
  }

  /** Draws who speaks when; the call is `length_ms` long so far. */
  draw(utterances, length_ms) {
    this.#length = Math.max(length_ms, 1);
    this.length.textContent = clock(length_ms);
    this.timeline.setAttribute("aria-valuemax", Math.round(length_ms / 1000));
    for (const [channel, lane] of Object.entries(this.lanes)) {
      lane.replaceChildren(
        ...utterances
          .filter((utterance) => utterance.channel === channel)
          .map((utterance) => this.#block(utterance)),
      );
    }
  }

  #block(utterance) {
    const block = document.createElement("span");
    block.className = utterance.isPartial ? "block partial" : "block";
    block.style.left = `${(100 * utterance.start_ms) / this.#length}%`;
    block.style.width = `${(100 * (utterance.end_ms - utterance.start_ms)) / this.#length}%`;
    return block;
  }

  #show() {
    const ms = this.audio.currentTime * 1000;
    if (this.#stopAtMs !== null && ms >= this.#stopAtMs && !this.audio.paused) {
      this.#stopAtMs = null;
      this.audio.pause();
    }
    this.position.textContent = clock(ms);
    const share = Math.min(ms / this.#length, 1);
    this.playhead.style.setProperty("--at", share);
    this.timeline.setAttribute("aria-valuenow", Math.round(ms / 1000));
    this.timeline.setAttribute("aria-valuetext", clock(ms));
    this.button.textContent = this.audio.paused ? "▶" : "❚❚";
    this.button.setAttribute("aria-label", this.audio.paused ? "播放" : "暂停");
    this.onTime(this.audio.paused ? null : ms);
  }

  #seekTo(event) {
    const lane = this.lanes.agent.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - lane.left) / lane.width, 0), 1);
    this.play(share * this.#length + LEAD_MS);
  }

  #key(event) {
    const steps = { ArrowLeft: -STEP_MS, ArrowRight: STEP_MS };
    if (event.code === "Space") {
      event.preventDefault();
      this.toggle();
    } else if (steps[event.key] && this.hasAudio) {
      event.preventDefault();
      this.audio.currentTime = Math.max(0, this.audio.currentTime + steps[event.key] / 1000);
    }
  }
}
