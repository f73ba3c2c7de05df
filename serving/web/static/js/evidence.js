// Which words belong to which field, and where they stand in the transcript.

/** Where a quote stands in its utterance; of several places, the one nearest to its time. */
export function locate(utterance, evidence) {
  const { text, start_ms, end_ms } = utterance;
  const { char_start: from, char_end: to } = evidence;
  if (Number.isInteger(from) && evidence.quote && text.slice(from, to) === evidence.quote) return [from, to];
  const length = Math.max(text.length, 1);
  let best = null;
  for (let at = text.indexOf(evidence.quote); at >= 0; at = text.indexOf(evidence.quote, at + 1)) {
    const said_ms = start_ms + ((end_ms - start_ms) * at) / length;
    const distance = Math.abs(said_ms - evidence.start_ms);
    if (best === null || distance < best.distance) best = { at, distance };
  }
  return best && evidence.quote ? [best.at, best.at + evidence.quote.length] : null;
}

/** All quotes of a call: by utterance for the transcript, by field for the draft. */
export function index(view) {
  const byField = new Map();
  const add = (name, evidence) => {
    if (evidence?.length) byField.set(name, evidence);
  };
  for (const [name, field] of draftFields(view.ticket)) add(name, field.evidence);
  const facts = view.ticket?.facts;
  for (const [name, , field] of facts ? factFields(facts) : []) add(name, field.evidence);
  for (const name of ["contacted", "resolved", "satisfaction"]) {
    add(`callback.${name}`, view.callback?.[name]?.evidence);
  }
  for (const finding of view.qa?.findings ?? []) add(`qa.${finding.rule_id}`, finding.evidence);
  const byUtterance = new Map();
  for (const [name, quotes] of byField) {
    for (const evidence of quotes) {
      const quoted = byUtterance.get(evidence.utterance_id) ?? [];
      quoted.push({ name, evidence });
      byUtterance.set(evidence.utterance_id, quoted);
    }
  }
  return { byField, byUtterance };
}

export function draftFields(ticket) {
  if (!ticket) return [];
  const names = ["title", "request_type", "category", "summary", "content", "location",
    "occurred_at", "agency", "urgency"];
  return [
    ...names.map((name) => [name, ticket[name]]),
    ["caller.surname", ticket.caller.surname],
    ["caller.phone", ticket.caller.phone],
  ];
}

/** Facts that were said, each with its name, its label and its field. */
export function factFields(facts) {
  const found = [
    ...facts.plates.map((field) => ["车牌号", field]),
    ...facts.references.map((field) => ["编号", field]),
    ...facts.amounts.map((field) => ["金额", { ...field, value: `${field.value.toLocaleString("zh-CN")} 元` }]),
    ["涉及", facts.affected],
    ["诉求主体", facts.party],
    ["此前反映", { ...facts.earlier_calls, value: facts.earlier_calls.value && `${facts.earlier_calls.value} 次` }],
    ["情绪", facts.mood],
    ["保密", facts.confidential],
  ];
  return found
    .filter(([, field]) => field.value !== null && field.value !== undefined)
    .map(([label, field], at) => [`facts.${at}`, label, field]);
}

/** Cuts a text where quotes begin and end; each piece knows the fields that quote it. */
export function pieces(utterance, quoted) {
  const spans = [];
  for (const { name, evidence } of quoted) {
    const place = locate(utterance, evidence);
    if (place) spans.push({ name, evidence, from: place[0], to: place[1] });
  }
  const cuts = [...new Set([0, utterance.text.length, ...spans.flatMap((s) => [s.from, s.to])])];
  cuts.sort((a, b) => a - b);
  const found = [];
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const covering = spans.filter((s) => s.from <= cuts[i] && s.to >= cuts[i + 1]);
    found.push({
      text: utterance.text.slice(cuts[i], cuts[i + 1]),
      names: [...new Set(covering.map((s) => s.name))],
      evidence: covering.map((s) => s.evidence),
    });
  }
  return found;
}

/** Lights up, on hover or focus, a field's words and the fields that quote a word. */
export class Highlighter {
  constructor(root) {
    this.root = root;
    root.addEventListener("pointerover", (event) => this.#light(event.target));
    root.addEventListener("pointerout", (event) => {
      if (!event.relatedTarget?.closest?.("[data-field], mark")) this.clear();
    });
    root.addEventListener("focusin", (event) => this.#light(event.target));
    root.addEventListener("focusout", () => this.clear());
  }

  clear() {
    for (const lit of this.root.querySelectorAll(".lit")) lit.classList.remove("lit");
    this.root.classList.remove("lighting");
  }

  #light(target) {
    const names = this.#names(target.closest?.("[data-field], mark"));
    if (!names.length) return;
    this.clear();
    this.root.classList.add("lighting");
    for (const name of names) {
      for (const mark of this.root.querySelectorAll("mark")) {
        if (mark.dataset.names.split(" ").includes(name)) mark.classList.add("lit");
      }
      this.root.querySelector(`[data-field="${CSS.escape(name)}"]`)?.classList.add("lit");
    }
  }

  #names(element) {
    if (!element) return [];
    return element.dataset.field ? [element.dataset.field] : element.dataset.names.split(" ");
  }
}
