// Owns the page: the door, the loop of frames, the keys, and who is told of what happened.

import { explain } from "./codes.js";
import { Controls, isForElement, isTyping } from "./controls.js";
import { Effects } from "./effects.js";
import { idNumber, read, readers } from "./entities.js";
import { Hud } from "./hud.js";
import { NetGraph } from "./netgraph.js";
import { Scene } from "./scene.js";
import { Session, load } from "./session.js";
import { Sound } from "./sound.js";

const element = (id) => document.getElementById(id);
const SCORES_MS = 250;
/** Frame times that are kept for whoever asks. */
const FRAMES_KEPT = 3600;
const NAMES = ["Ash", "Birch", "Clover", "Dahlia", "Elm", "Fern", "Hazel", "Iris", "Juniper", "Linden", "Maple", "Rowan"];

const sound = new Sound();
const hud = new Hud();
const graph = new NetGraph();
const scene = new Scene(element("scene"));
const effects = new Effects((name) => sound.play(name));
const controls = new Controls(element("scene"), element("rail"));

let kinds = [];
let session = null;
/** The own player's id, its role, the room's name, and who is here. */
let me = { player: 0, role: "player", room: "" };
/** Whether the roster of this visit is through: who is on it was here before. */
let isListed = false;
let names = new Map();
let entities = [];
/** Whom a spectator follows: a player's id, 0 for the whole map. */
let followed = 0;
let scoresAt = 0;
let scoresHeld = false;
let scoresPinned = false;
/** Whether the client has failed: after a trap nothing can be said of its memory. */
let isBroken = false;
const frames = { drawn: 0, workMs: [], gapsMs: [], last: 0 };

function nameOf(player) {
  return names.get(player)?.name ?? "somebody";
}

function ownOf(all) {
  return all.find((entity) => entity.isOwn && !entity.isGhost);
}

/** Where a player's body is drawn. */
function placeOf(player) {
  const body = entities.find((entity) => entity.kind === "Player" && entity.player === player && !entity.isGhost);
  return body && { x: body.pos_x, y: body.pos_y };
}

function scores(all = read(session?.draw() ?? [], kinds)) {
  return all
    .filter((entity) => entity.kind === "Player" && !entity.isGhost)
    .map((body) => ({
      player: body.player,
      name: nameOf(body.player),
      score: body.score,
      deaths: body.deaths,
      own: body.player === me.player,
      alive: body.alive === 1,
    }))
    .sort((one, other) => other.score - one.score || one.deaths - other.deaths || one.player - other.player);
}

const HEARD = {
  welcome(told) {
    me = told;
    controls.begin(me.role !== "player");
    scene.setMap(session.settings()?.map);
  },
  joined({ player, name, role }) {
    const isNew = !names.has(player);
    names.set(player, { name, role });
    if (isNew && isListed && player !== me.player) hud.note(`${name} came in`);
  },
  left({ player, name }) {
    names.delete(player);
    hud.note(`${name} left`);
  },
  event({ event, line }) {
    effects.tell(event, me.player, placeOf);
    report(event, line);
  },
  predicted: ({ id, event }) => effects.expect(id, event, me.player, placeOf),
  confirmed({ id, event, line }) {
    effects.confirm(id, event);
    report(event, line);
  },
  withdrawn: ({ id }) => effects.withdraw(id),
  chat: ({ name, text }) => hud.chat(name, text),
  missed: ({ events, notices }) => hud.note(`the connection is too slow: ${events + notices} messages were lost`),
  resumed() {
    effects.forget();
    hud.note("you are back in your seat");
  },
};

/** What happened. The roster comes along with the welcome. */
function hear(list) {
  for (const told of list) HEARD[told.what]?.(told);
  isListed = names.has(me.player);
}

/** The kill feed. */
function report(event, line) {
  if (!event.Killed) return;
  const { killer, victim } = event.Killed;
  hud.feed(line, [killer, victim].some((key) => idNumber(key) === me.player));
}

/** What the state of the session has to say over the scene. */
function stateChanged(state) {
  if (state.state === "joined") {
    hud.notice(null);
    element("hud").hidden = false;
  } else if (state.state === "lost") {
    const tries = state.attempt > 1 ? ` This is try ${state.attempt}.` : "";
    hud.notice({ title: "Connection lost", text: `Trying to get your seat back …${tries}` });
  } else if (state.state === "closed") {
    if (state.code === 1000) return showDoor();
    hud.notice({ ...explain(state.code, state.reason), isEnd: true });
  }
}

function clientFailed(text) {
  isBroken = true;
  const said = "The client met something that it cannot go on from. This is a fault of this page or of the server.";
  hud.notice({ title: "The page stopped", text: said, detail: text, isEnd: true });
}

/** What the door asks next time: a convenience, that a browser may refuse by throwing. */
function remember(answers) {
  try {
    localStorage.setItem("tickwire", JSON.stringify(answers));
  } catch {
    // Without storage the door is as it was.
  }
}

function enter(isSpectator) {
  const room = element("room-name").value.trim();
  const name = element("name").value.trim();
  if (!element("door").reportValidity()) return;
  remember({ name, room });
  me = { player: 0, role: isSpectator ? "spectator" : "player", room };
  controls.begin(isSpectator);
  names = new Map();
  isListed = false;
  entities = [];
  followed = 0;
  effects.forget();
  hud.clear();
  element("join").hidden = true;
  hud.notice({ title: "Joining …", text: `Room ${room}` });
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const hooks = {
    news: hear,
    state: stateChanged,
    failed: clientFailed,
  };
  session = new Session(`${scheme}://${location.host}/play/${room}`, name, isSpectator, hooks);
  graph.attach(session);
  element("scene").focus();
}

function showDoor() {
  hud.clear();
  element("hud").hidden = true;
  scoresHeld = scoresPinned = false;
  for (const id of ["scores", "graph"]) element(id).hidden = true;
  element("join").hidden = false;
}

/** The point that is looked at: the own player, whom a spectator follows, or nothing for the whole map. */
function watched(own) {
  if (me.role === "player") {
    hud.watching(null);
    return own;
  }
  const players = entities.filter((entity) => entity.kind === "Player");
  if (controls.clicks > 0 && players.length) {
    controls.clicks = 0;
    const place = players.findIndex((body) => body.player === followed);
    followed = players[(place + 1) % players.length].player;
  }
  const body = players.find((body) => body.player === followed);
  const text = body ? `Following ${nameOf(followed)}. Click or touch for the next.` : "Watching. Click or touch to follow a player.";
  hud.watching(text, Boolean(body));
  return body;
}

function frame(now) {
  requestAnimationFrame(frame);
  if (!session || session.isOver) return;
  const began = performance.now();
  if (frames.last) keep(frames.gapsMs, now - frames.last);
  frames.last = now;
  const before = ownOf(entities);
  session.input(controls.input(before && scene.onScreen(before.pos_x, before.pos_y)));
  session.pump();
  entities = read(session.draw(), kinds);
  const own = ownOf(entities);
  scene.lookAt(watched(own));
  effects.watchShots(entities);
  scene.draw(entities, { who: nameOf, own, showsGhost: graph.showsGhost, effects, now: began });
  controls.draw(scene.context, scene.ratio);
  hud.vitals(own ?? null);
  graph.update(began);
  showScores(began);
  frames.drawn += 1;
  keep(frames.workMs, performance.now() - began);
}

function keep(list, value) {
  list.push(value);
  if (list.length > FRAMES_KEPT) list.shift();
}

function showScores(now) {
  const isShown = scoresHeld || scoresPinned;
  element("scores").hidden = !isShown;
  if (now - scoresAt < SCORES_MS) return;
  scoresAt = now;
  const here = [...names.values()];
  hud.place(me.room, here.length, session.figures()?.round_trip_ms ?? null);
  if (isShown) hud.scores(scores(entities), here.filter(({ role }) => role !== "player").map(({ name }) => name));
}

function chatOpens(isOpen) {
  const line = element("line");
  element("say").hidden = !isOpen;
  line.value = "";
  controls.release();
  if (isOpen) line.focus();
  else element("scene").focus();
}

/** Says a line, and shows it: the server does not send it back to who said it. */
function say(text) {
  if (session?.state.state !== "joined") return hud.note("there is no connection now: that was not sent");
  session.say(text);
  hud.chat(nameOf(me.player), text);
}

/** Gives the keys to the game, unless somebody writes. */
function toScene() {
  if (element("say").hidden) element("scene").focus();
}

function toggleSound() {
  const isOn = sound.toggle();
  element("sound").textContent = isOn ? "Sound on" : "Sound off";
  element("sound").setAttribute("aria-pressed", String(isOn));
}

const KEYS = {
  KeyN: () => graph.toggle(),
  KeyM: toggleSound,
  Enter: () => chatOpens(true),
  Escape: showMap,
};

/** Who watches sees everything again. */
function showMap() {
  followed = 0;
}

function listen() {
  element("door").addEventListener("submit", (event) => (event.preventDefault(), enter(false)));
  element("watch").addEventListener("click", () => enter(true));
  element("again").addEventListener("click", () => (isBroken ? location.reload() : showDoor()));
  element("leave").addEventListener("click", () => session?.leave());
  element("sound").addEventListener("click", toggleSound);
  element("show-graph").addEventListener("click", () => graph.toggle());
  element("hide-graph").addEventListener("click", () => graph.toggle());
  element("show-scores").addEventListener("click", () => (scoresPinned = !scoresPinned));
  element("show-chat").addEventListener("click", () => chatOpens(true));
  element("to-map").addEventListener("click", showMap);
  element("say").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = element("line").value.trim();
    if (text) say(text);
    chatOpens(false);
  });
  // Keys are for the game again after a switch, a slider, or a button that was clicked.
  element("graph").addEventListener("change", toScene);
  for (const id of ["tools", "graph", "watching"]) {
    element(id).addEventListener("click", (event) => event.detail && event.target.matches("button, summary") && toScene());
  }
  element("line").addEventListener("keydown", (event) => event.key === "Escape" && chatOpens(false));
  window.addEventListener("keydown", (event) => {
    if (!session || session.isOver || isTyping(event) || isForElement(event)) return;
    if (event.code === "Tab") !event.shiftKey && (event.preventDefault(), (scoresHeld = true));
    else if (!event.repeat && !event.ctrlKey && KEYS[event.code]) (event.preventDefault(), KEYS[event.code]());
  });
  window.addEventListener("keyup", (event) => event.code === "Tab" && (scoresHeld = false));
  window.addEventListener("blur", () => (scoresHeld = false));
  document.addEventListener("visibilitychange", () => {
    effects.forget();
    frames.last = 0;
    // A tab that nobody sees stands still, and goes on by the messages that come.
    if (document.hidden) session?.input(Float64Array.of(0, 0, controls.aim, 0));
  });
}

function prefill() {
  const asked = new URLSearchParams(location.search);
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("tickwire")) ?? {};
  } catch {
    // Somebody else's text, or no storage: as if there were none.
  }
  const chance = NAMES[Math.floor(Math.random() * NAMES.length)];
  element("name").value = asked.get("name") ?? kept.name ?? chance;
  element("room-name").value = asked.get("room") ?? kept.room ?? "lobby";
  if (asked.has("play")) enter(false);
  else if (asked.has("watch")) enter(true);
}

/** What tests and curious people may ask. */
window.tickwire = {
  state: () => session?.state.state ?? "door",
  why: () => session?.state ?? null,
  stats: () => session?.figures() ?? null,
  own: () => {
    const own = ownOf(read(session?.draw() ?? [], kinds));
    return own ? { ...own, x: own.pos_x, y: own.pos_y } : null;
  },
  ghost: () => {
    const ghost = read(session?.draw() ?? [], kinds).find((entity) => entity.isGhost);
    return ghost ? { x: ghost.pos_x, y: ghost.pos_y } : null;
  },
  me: () => me,
  names: () => [...names].map(([player, { name, role }]) => ({ player, name, role })),
  scores: () => scores(),
  entities: () => read(session?.draw() ?? [], kinds),
  get frames() {
    return frames.drawn;
  },
  /** Milliseconds of work per frame, and from frame to frame; the newest last. */
  get frameTimes() {
    return [...frames.workMs];
  },
  get frameGaps() {
    return [...frames.gapsMs];
  },
};

async function start() {
  listen();
  try {
    kinds = readers(await load());
  } catch (error) {
    element("loading").textContent = `The game could not be loaded: ${error?.message ?? error}`;
    element("loading").classList.add("bad");
    return;
  }
  for (const id of ["play", "watch"]) element(id).disabled = false;
  element("loading").textContent = "";
  requestAnimationFrame(frame);
  prefill();
}

start();
