// Times and values as people read them.

export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = `${hours ? String(minutes).padStart(2, "0") : minutes}:${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** A moment of the contract, always with the offset of China, as it stands there. */
export function moment(iso) {
  const [, month, day, time] = /^\d{4}-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(iso) ?? [];
  return month ? `${Number(month)}月${Number(day)}日 ${time}` : iso;
}

/** When something happened: midnight stands for a day without a time. */
export function happened(iso) {
  return /T00:00/.test(iso) ? day(iso) : moment(iso);
}

export function day(iso) {
  const [, month, date] = /^\d{4}-(\d\d)-(\d\d)/.exec(iso) ?? [];
  return month ? `${Number(month)}月${Number(date)}日` : iso;
}

export function remaining(iso, now = Date.now()) {
  const hours = (Date.parse(iso) - now) / 3_600_000;
  if (hours < 0) return "已超时";
  if (hours < 48) return `剩 ${Math.floor(hours)} 小时`;
  return `剩 ${Math.floor(hours / 24)} 天`;
}

export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/** How far a value can be trusted at a glance. */
export function trust(share) {
  if (share >= 0.8) return "high";
  return share >= 0.5 ? "middle" : "low";
}

export const PATH_JOINT = " › ";

export function plain(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.join(PATH_JOINT);
  if (typeof value === "object") return value.text ?? "";
  return String(value);
}

export function divisions(place) {
  return [place.province, place.city, place.district, place.street, place.community]
    .filter(Boolean)
    .join(" ");
}
