// Requests to the service; errors carry the Chinese title of the problem document.

import { actorName, askForActor } from "./actor.js";

export class Problem extends Error {
  constructor(document) {
    super(document.title ?? "服务没有响应");
    this.code = document.code ?? "offline";
    this.detail = document.detail ?? "";
  }
}

export async function getJson(path) {
  return send("GET", path);
}

/** A decision of a person: asks who decides where nobody has said so yet. */
export async function decide(method, path, body) {
  if (!actorName()) {
    askForActor();
    throw new Problem({ title: "请先在右上角填写您的姓名或工号", code: "actor-missing" });
  }
  return send(method, path, body, { "X-Jiesu-User": encodeURIComponent(actorName()) });
}

export async function post(path, body) {
  return send("POST", path, body);
}

const role = document.documentElement.dataset.role ?? "";

/** An address that carries the role where a header cannot be sent: sound, events. */
export function asRole(path) {
  if (!role) return path;
  return `${path}${path.includes("?") ? "&" : "?"}role=${encodeURIComponent(role)}`;
}

async function send(method, path, body, headers = {}) {
  if (role) headers["X-Jiesu-Role"] = role;
  const request = { method, headers };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Problem({ title: "连接不上服务，请检查网络后重试" });
  }
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? null : response.json();
}

export async function problemOf(response) {
  try {
    return new Problem(await response.json());
  } catch {
    return new Problem({ title: `服务出错（${response.status}）` });
  }
}
