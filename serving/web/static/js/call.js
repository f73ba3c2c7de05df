// One call on the screen: what the service says of it, followed while it goes on.

import { asRole, getJson } from "./api.js";
import { CallbackView } from "./callback.js";
import { DraftView } from "./draft.js";
import { Highlighter, index } from "./evidence.js";
import { clock } from "./format.js";
import { telling } from "./notices.js";
import { Player } from "./player.js";
import { QAView } from "./qa.js";
import { RepeatsView } from "./repeats.js";
import { TranscriptView } from "./transcript.js";
import { WritingView } from "./writing.js";

const { view: initial, words } = JSON.parse(document.getElementById("data").textContent);
const callId = initial.status.call_id;
const byId = (id) => document.getElementById(id);
const TICK_MS = 1000;

let view = initial;
let live = new Map(); // utterances of a call that goes on, by id
let source = null;
let isEnded = false;

const player = new Player({ root: byId("player"), onTime: (ms) => transcript.playing(ms) });
const onPlay = (start_ms, end_ms) => player.play(start_ms, end_ms);
const transcript = new TranscriptView({
  list: byId("utterances"), waiting: byId("waiting"), newest: byId("newest"), onPlay,
});
const onReveal = (name) => transcript.reveal(name);
const onChanged = () => reload();
const draft = new DraftView({ root: byId("draft"), words, callId, onPlay, onReveal, onChanged });
const qa = new QAView({ root: byId("qa"), dialog: byId("overrule"), words, callId, onPlay, onReveal, onChanged });
const writing = new WritingView({ root: byId("writing") });
const repeats = new RepeatsView({ root: byId("repeats"), words, callId, onChanged });
const callback = new CallbackView({ root: byId("callback"), words, onPlay, onReveal });
new Highlighter(document.querySelector(".columns"));

function utterances() {
  if (view.result) return view.result.transcript.utterances;
  return [...live.values()].sort((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms);
}

function render(changed = [], reasons = {}) {
  const words_so_far = utterances();
  transcript.render(words_so_far, index(view).byUtterance);
  draft.render(view, changed, reasons);
  repeats.render(view);
  qa.render(view);
  writing.render(view);
  callback.render(view);
  drawTimeline();
  showStatus();
}

function drawTimeline() {
  const words_so_far = utterances();
  const heard_ms = Math.max(0, ...words_so_far.map((utterance) => utterance.end_ms));
  player.draw(words_so_far, view.status.duration_ms ?? Math.max(heard_ms, elapsed()));
}

function showStatus() {
  const { state, kind, error, progress, has_audio: hasAudio, duration_ms: duration } = view.status;
  const chip = byId("state");
  chip.className = `state state-${state}`;
  chip.textContent = words.states[state];
  if (state === "processing" && progress) chip.textContent += ` ${Math.round(progress * 100)}%`;
  byId("kind").hidden = !kind;
  byId("kind").textContent = words.kinds[kind] ?? "";
  if (duration !== null) byId("elapsed").textContent = clock(duration);
  const problem = byId("problem");
  problem.hidden = !error;
  problem.textContent = error ? `${error.title}：${error.message}` : "";
  if (hasAudio && state === "done") player.load(asRole(`/api/calls/${callId}/audio`));
  const isEmpty = utterances().length === 0;
  const waiting = { live: "等待说话…", queued: "录音正在排队…", processing: "正在识别录音…", done: "这通通话里没有听到说话。" };
  transcript.say(isEmpty ? (waiting[state] ?? "") : "");
}

function elapsed() {
  return view.status.state === "live" ? Date.now() - Date.parse(view.status.received_at) : 0;
}

function takeUtterance({ kind, stable_chars, utterance }) {
  if (kind === "final" && !utterance.text) live.delete(utterance.id);
  else live.set(utterance.id, { ...utterance, stable_chars, isPartial: kind === "partial" });
}

const handlers = {
  transcript(event) {
    takeUtterance(event);
    render();
  },
  // Which kind of call it is may show only after some words: the newest word holds.
  draft(event) {
    [view.ticket, view.callback] = [event.ticket, null];
    render(event.changed, event.reasons);
  },
  qa(event) {
    view.qa = event.qa;
    render();
  },
  callback(event) {
    [view.ticket, view.callback] = [null, event.callback];
    render();
  },
  trouble(event) {
    byId("problem").hidden = false;
    byId("problem").textContent = event.title;
  },
  state(event) {
    isEnded = ["done", "failed"].includes(event.state);
    if (isEnded) source.close();
    if (isEnded || event.state !== view.status.state) {
      reload();
    } else {
      view.status.progress = event.progress;
      showStatus();
    }
  },
};

function follow() {
  source = new EventSource(asRole(`/api/calls/${callId}/events?after=${view.cursor ?? ""}`));
  for (const [type, handle] of Object.entries(handlers)) {
    source.addEventListener(type, (event) => handle(JSON.parse(event.data)));
  }
}

/** Fetches the call anew: it ended, or somebody decided something. */
async function reload() {
  const fresh = await telling(() => getJson(`/api/calls/${callId}`));
  if (!fresh) return;
  view = fresh;
  adopt();
}

function adopt() {
  live = new Map();
  view.live_transcript.forEach(takeUtterance);
  render();
}

adopt();
if (["live", "queued", "processing"].includes(view.status.state)) {
  follow();
  setInterval(() => {
    if (view.status.state !== "live") return;
    byId("elapsed").textContent = clock(elapsed());
    drawTimeline();
  }, TICK_MS);
}
