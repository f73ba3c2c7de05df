// Facts beside place and time, as people read them.

const PARTIES = { person: "个人", enterprise: "企业" };
const MOODS = { distressed: "低落", angry: "激动", anxious: "着急" };

export function factText(value) {
  if (value === true) return "要求保密";
  if (value === false) return "可以公开";
  if (value?.number) return `${value.kind} ${value.number}`;
  if (value?.text) return value.text;
  return PARTIES[value] ?? MOODS[value] ?? String(value);
}
