// Short messages at the edge of the screen, read out by screen readers.

const list = document.getElementById("notices");
const SHOWN_MS = 6000;

export function notify(text, kind = "info") {
  const notice = document.createElement("p");
  notice.className = `notice ${kind}`;
  notice.textContent = text;
  list.append(notice);
  setTimeout(() => notice.remove(), SHOWN_MS);
}

/** Runs what may fail and tells the user if it does. */
export async function telling(work) {
  try {
    return await work();
  } catch (error) {
    notify(error.message, "bad");
    return undefined;
  }
}
