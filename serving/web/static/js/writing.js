// How the ticket is written: what to change before it is submitted.

export class WritingView {
  constructor({ root }) {
    this.root = root;
  }

  render({ writing }) {
    this.root.hidden = !writing;
    if (!writing) return;
    this.root.querySelector("#writing-score").textContent = writing.score;
    this.root.querySelector("#writing-max").textContent = ` / ${writing.max_score}`;
    const broken = writing.findings.filter((finding) => !finding.passed);
    const items = broken.length ? broken.map(item) : [allKept()];
    this.root.querySelector("#writing-findings").replaceChildren(...items);
  }
}

function item(finding) {
  const made = document.createElement("li");
  made.className = `finding ${finding.deduction ? "failed" : "noticed"}`;
  const head = document.createElement("div");
  head.className = "finding-head";
  const points = finding.deduction ? `−${finding.deduction}` : "";
  head.append(part("span", "✗", "sign"), part("strong", finding.name), part("span", points, "points"));
  made.append(head, part("p", finding.note + quoted(finding), "note"));
  return made;
}

/** Words to change; where the whole text is meant, quoting it would say nothing. */
function quoted({ rule_id, evidence }) {
  const quotes = evidence.map(({ quote }) => quote).filter((quote) => quote.length <= 12);
  return quotes.length && !/length|form|fits/.test(rule_id) ? `：${[...new Set(quotes)].join("、")}` : "";
}

function allKept() {
  const made = document.createElement("li");
  made.className = "finding passed";
  made.append(part("p", "要素齐全，用语规范。", "note"));
  return made;
}

function part(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}
