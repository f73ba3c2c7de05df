// QA findings, and a person's verdict on them.

import { decide } from "./api.js";
import { telling } from "./notices.js";

const SIGNS = { passed: "✓", failed: "✗", noticed: "!" };
const PASSED_NOTE = "合格";

export class QAView {
  constructor({ root, dialog, words, callId, onPlay, onReveal, onChanged }) {
    Object.assign(this, { root, dialog, words, callId, onPlay, onReveal, onChanged });
    this.form = dialog.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      telling(() => this.#save());
    });
    dialog.querySelector("[value=cancel]").addEventListener("click", () => dialog.close());
    root.addEventListener("click", (event) => this.#clicked(event));
  }

  render(view) {
    this.view = view;
    this.root.hidden = !view.qa;
    if (!view.qa) return;
    const verdicts = new Map(view.overrides.map((override) => [override.rule_id, override]));
    const score = view.reviewed_qa_score ?? view.qa.score;
    this.root.querySelector("#qa-score").textContent = score;
    this.root.querySelector("#qa-max").textContent =
      ` / ${view.qa.max_score}` + (score === view.qa.score ? "" : `（机器 ${view.qa.score}）`);
    const items = view.qa.findings.map((finding) => this.#item(finding, verdicts.get(finding.rule_id)));
    const isKept = (item) => item.matches(".passed") && !item.querySelector(".verdict");
    this.root.querySelector("#findings").replaceChildren(...items.filter((item) => !isKept(item)));
    this.root.querySelector("#kept").replaceChildren(...items.filter(isKept));
  }

  #item(finding, verdict) {
    const outcome = outcomeOf(verdict ?? finding);
    const item = document.createElement("li");
    item.className = `finding ${outcome}`;
    item.dataset.field = `qa.${finding.rule_id}`;
    item.finding = finding;
    const head = document.createElement("div");
    head.className = "finding-head";
    head.append(
      part("span", SIGNS[outcome], "sign"),
      part("strong", this.#name(finding.rule_id)),
      part("span", points(verdict ?? finding), "points"),
    );
    if (finding.evidence.length) head.append(control("▶", "icon evidence", "听原话"));
    if (this.words.decides && this.view.status.state === "done") head.append(control("复核", "quiet overrule", "复核这一条"));
    item.append(head);
    if (finding.note && finding.note !== PASSED_NOTE) item.append(part("p", finding.note, "note"));
    if (verdict) item.append(part("p", this.#verdictText(finding, verdict), "verdict"));
    return item;
  }

  #verdictText(finding, verdict) {
    const machine = finding.passed ? "合格" : `扣 ${finding.deduction} 分`;
    return `${verdict.actor} 复核：${verdict.passed ? "合格" : "不合格"}。${verdict.reason}（机器：${machine}）`;
  }

  #clicked(event) {
    const { finding } = event.target.closest(".finding") ?? {};
    if (!finding) return;
    if (event.target.closest(".overrule")) this.#open(finding);
    else if (finding.evidence.length && !getSelection().toString()) {
      const [{ start_ms, end_ms }] = finding.evidence;
      this.onReveal(`qa.${finding.rule_id}`);
      if (event.target.closest(".evidence")) this.onPlay(start_ms, end_ms);
    }
  }

  #open(finding) {
    this.form.reset();
    this.rule = finding.rule_id;
    this.dialog.querySelector("#overrule-rule").textContent = this.#name(finding.rule_id);
    this.dialog.querySelector("#overrule-machine").textContent =
      `机器结论：${finding.passed ? "合格" : `不合格，扣 ${finding.deduction} 分`}。${finding.note}`;
    this.dialog.querySelector("#overrule-points").value =
      finding.deduction || this.words.rules[finding.rule_id]?.deduction || 0;
    this.form.elements.verdict.value = finding.passed ? "failed" : "passed";
    this.dialog.showModal();
    this.dialog.querySelector("#overrule-reason").focus();
  }

  async #save() {
    const passed = this.form.elements.verdict.value === "passed";
    await decide("PUT", `/api/calls/${this.callId}/qa/${encodeURIComponent(this.rule)}`, {
      passed,
      deduction: passed ? 0 : Number(this.dialog.querySelector("#overrule-points").value),
      reason: this.dialog.querySelector("#overrule-reason").value,
    });
    this.dialog.close();
    await this.onChanged();
  }

  #name(ruleId) {
    return this.words.rules[ruleId]?.name ?? ruleId;
  }
}

/** A rule that takes no points is a hint, not a fault. */
function outcomeOf({ passed, deduction }) {
  if (passed) return "passed";
  return deduction ? "failed" : "noticed";
}

function points({ passed, deduction }) {
  return passed || !deduction ? "" : `−${deduction}`;
}

function part(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function control(text, className, label) {
  const made = part("button", text, className);
  made.type = "button";
  made.title = label;
  made.setAttribute("aria-label", label);
  return made;
}
