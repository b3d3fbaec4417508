// Owns the session: one WebSocket after another, and the client core that they serve. Knows no game and no canvas.
//
// Another game's page needs this file as it is. It says what changed by hooks: news(list), state(object), failed(text).

import init, { GameClient } from "./game.js";

/** Loads the WebAssembly; resolves to the kinds of entities and their fields. */
export async function load() {
  await init({ module_or_path: new URL("game_bg.wasm", import.meta.url) });
  return JSON.parse(GameClient.kinds());
}

/** The kind of close that says goodbye, the one without a close frame, and the one for what cannot be understood. */
const GOODBYE = 1000;
const ABNORMAL = 1006;
const MALFORMED = 4400;
/** A socket that is not open after so long is given up: browsers themselves wait for minutes. */
const DIAL_MS = 10_000;

export class Session {
  /** `hooks`: functions news(list), state(object) and failed(text). */
  constructor(url, name, isSpectator, hooks) {
    this.url = url;
    this.hooks = hooks;
    this.client = new GameClient(name, isSpectator, crypto.getRandomValues(new Uint32Array(1))[0]);
    this.state = { state: "joining" };
    this.socket = null;
    this.retired = [];
    this.timer = 0;
    this.isOver = false;
    this.onOnline = () => this.state.state === "lost" && !this.socket && this.connect();
    // A page that goes says so: else its player would stand there until the seat's time is over.
    this.onHide = () => this.leave();
    window.addEventListener("online", this.onOnline);
    window.addEventListener("pagehide", this.onHide);
    this.connect();
  }

  /** Runs what calls into WebAssembly: a trap there must not freeze the page, but end the session with a sentence. */
  guard(action, otherwise) {
    if (this.isOver) return otherwise;
    try {
      return action();
    } catch (error) {
      console.error(error);
      this.end(MALFORMED, "the client failed");
      this.tell("failed", String(error?.message ?? error));
      return otherwise;
    }
  }

  /** Calls a hook. What it throws is a fault of the page around, which must not end the session: it goes to the console. */
  tell(hook, value) {
    try {
      this.hooks[hook](value);
    } catch (error) {
      reportError(error);
    }
  }

  connect() {
    this.guard(() => this.dial());
  }

  /** The Hello goes with the request for the socket, which saves a round trip: see PROTOCOL.md, section 1. */
  dial() {
    const socket = new WebSocket(this.url, this.client.offer(performance.now()).split(", "));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const mine = (action) => () => this.socket === socket && this.guard(action);
    const gone = (code, reason) =>
      mine(() => {
        this.socket = null;
        this.client.lost(performance.now(), code, reason);
        this.look();
      })();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      gone(ABNORMAL, "the server does not answer");
      socket.close();
    }, DIAL_MS);
    socket.onopen = mine(() => {
      this.client.opened(performance.now());
      this.pump();
    });
    // Text is nothing that a server may send here: empty, it is malformed.
    socket.onmessage = (event) =>
      mine(() => {
        const bytes = event.data instanceof ArrayBuffer ? new Uint8Array(event.data) : new Uint8Array();
        this.client.receive(performance.now(), bytes);
        this.pump();
      })();
    socket.onclose = (event) => gone(event.code, event.reason);
  }

  /** Does what is due. The timer calls it, each message, and each frame that is drawn; a hidden tab goes on by its messages. */
  pump() {
    this.guard(() => {
      if (this.socket?.readyState !== WebSocket.OPEN) return;
      const now = performance.now();
      this.client.update(now);
      for (let bytes = this.client.poll(now); bytes; bytes = this.client.poll(now)) this.socket.send(bytes);
      this.look();
      this.wakeAt(this.client.next_update_ms());
    });
  }

  wakeAt(ms) {
    clearTimeout(this.timer);
    if (ms === undefined || this.isOver) return;
    // Rounded up: a timer that fires early would have nothing to do.
    this.timer = setTimeout(() => this.pump(), Math.max(0, Math.ceil(ms - performance.now())));
  }

  /** Takes note of what the client core has come to. */
  look() {
    const news = this.client.news();
    const text = this.client.state();
    if (text !== this.text) {
      this.text = text;
      this.changed(JSON.parse(text));
    }
    if (news) this.tell("news", JSON.parse(news));
  }

  changed(state) {
    this.state = state;
    if (state.state === "lost") this.comeBack(state.at_ms);
    if (state.state === "joined") this.closeRetired();
    if (state.state === "closed") this.end(state.code === MALFORMED ? MALFORMED : GOODBYE, state.reason);
    this.tell("state", state);
  }

  /** Opens another socket when it is time. The old one is kept until the seat is back: a close frame from here would be a goodbye. */
  comeBack(atMs) {
    if (this.socket) this.retired.push(this.socket);
    this.socket = null;
    clearTimeout(this.timer);
    const connect = () => !this.socket && !this.isOver && this.connect();
    this.timer = setTimeout(connect, Math.max(0, atMs - performance.now()));
  }

  closeRetired() {
    for (const socket of this.retired.splice(0)) socket.close(GOODBYE);
  }

  /** Says something to everyone. */
  say(text) {
    this.guard(() => this.client.say(text));
    this.pump();
  }

  /** What the player wants from now on, as numbers: see `PageGame::input` of the game. */
  input(numbers) {
    this.guard(() => this.client.set_input(numbers));
  }

  /** Everything there is to draw now. */
  draw() {
    return this.guard(() => this.client.draw(performance.now()), new Float64Array());
  }

  /** The client core's figures. */
  figures() {
    return this.guard(() => JSON.parse(this.client.figures(performance.now())), null);
  }

  samples() {
    return this.guard(() => this.client.samples(), new Float64Array());
  }

  settings() {
    return this.guard(() => JSON.parse(this.client.settings() ?? "null"), null);
  }

  roster() {
    return this.guard(() => JSON.parse(this.client.roster()), []);
  }

  switches(prediction, interpolation, lagCompensation) {
    this.guard(() => this.client.set_switches(prediction, interpolation, lagCompensation));
  }

  link(delayMs, jitterMs, stallMs) {
    this.guard(() => this.client.set_link(performance.now(), delayMs, jitterMs, stallMs));
  }

  leave() {
    this.guard(() => {
      this.client.leave();
      this.look();
    });
  }

  end(code, reason) {
    this.isOver = true;
    clearTimeout(this.timer);
    window.removeEventListener("online", this.onOnline);
    window.removeEventListener("pagehide", this.onHide);
    const sockets = [this.socket, ...this.retired].filter(Boolean);
    this.socket = null;
    // A close frame takes at most 123 bytes of reason.
    for (const socket of sockets) socket.close(code, code === GOODBYE ? "" : String(reason).slice(0, 40));
    this.state = { state: "closed", code, reason, ...(this.state.state === "closed" ? this.state : {}) };
  }
}
