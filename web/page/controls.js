// Owns what the player's hands do: keyboard, mouse and touch sticks become the four numbers of an input.

import { Presses } from "./presses.js";

const WALK = {
  KeyW: [0, -1], KeyA: [-1, 0], KeyS: [0, 1], KeyD: [1, 0],
  ArrowUp: [0, -1], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowRight: [1, 0],
};
const FIRE = 1;
const RAIL = 2;
/** A stick that is pulled this far, in CSS pixels, is pulled all the way. */
const STICK_PIXELS = 56;
/** From this part of its way on, the right stick fires. */
const FIRES_FROM = 0.75;

/** Whether a key is a letter of a text that somebody writes. */
export function isTyping(event) {
  return event.target instanceof Element && event.target.matches("#line, #name, #room-name");
}

/** Whether a key is for what has the focus: a button, a switch, a slider. */
export function isForElement(event) {
  const isKey = event.code === "Enter" || event.code === "Space" || event.code === "Tab";
  return isKey && event.target instanceof Element && event.target.matches("button, input, summary");
}

export class Controls {
  /** `canvas` takes mouse and touches; `rail` is the button for the second weapon on phones. */
  constructor(canvas, rail) {
    this.canvas = canvas;
    this.rail = rail;
    this.presses = new Presses();
    this.mouse = null;
    this.aim = 0;
    /** Touch sticks by pointer: where they began, how far they are pulled (-1 to 1), and which one it is. */
    this.sticks = new Map();
    /** The finger that is on the button. */
    this.railPointer = null;
    /** Who watches has no sticks and no weapons: a touch or a click chooses whom to follow. */
    this.isWatching = false;
    this.clicks = 0;
    this.listen();
  }

  /** Begins a visit, with nothing left of the one before. */
  begin(isWatching) {
    this.release();
    Object.assign(this, { isWatching, clicks: 0 });
    this.rail.hidden = true;
  }

  listen() {
    window.addEventListener("keydown", (event) => {
      if (isTyping(event) || isForElement(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      this.presses.press(event.code);
      if (event.code in WALK || event.code === "Space") event.preventDefault();
    });
    window.addEventListener("keyup", (event) => this.presses.release(event.code));
    window.addEventListener("blur", () => this.release());
    document.addEventListener("visibilitychange", () => this.release());
    this.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const type of ["pointerup", "pointercancel"]) {
      window.addEventListener(type, (event) => this.up(event));
    }
    this.rail.addEventListener("pointerdown", (event) => {
      this.railPointer = event.pointerId;
      this.presses.press("rail");
    });
  }

  /** Lets everything go: who is not looking must not run on. */
  release() {
    this.presses.clear();
    this.sticks.clear();
    this.railPointer = null;
  }

  down(event) {
    if (this.isWatching) {
      this.clicks += 1;
      this.canvas.focus();
      return;
    }
    if (event.pointerType === "touch") {
      this.rail.hidden = false;
      this.mouse = null;
      const isLeft = event.clientX < window.innerWidth / 2;
      this.sticks.set(event.pointerId, { isLeft, x: event.clientX, y: event.clientY, pull: [0, 0] });
      return;
    }
    this.canvas.focus();
    this.point(event);
  }

  /** Where the mouse is, and its buttons: all but the first come and go while it moves. */
  point(event) {
    this.mouse = [event.clientX, event.clientY];
    this.hold(event.buttons);
  }

  hold(buttons) {
    this.presses.set("left", (buttons & 1) !== 0);
    this.presses.set("right", (buttons & 2) !== 0);
  }

  move(event) {
    const stick = this.sticks.get(event.pointerId);
    if (stick) {
      const way = [event.clientX - stick.x, event.clientY - stick.y];
      const length = Math.max(STICK_PIXELS, Math.hypot(...way));
      stick.pull = way.map((part) => part / length);
      if (!stick.isLeft) this.look(stick.pull);
    } else if (event.pointerType !== "touch") {
      this.point(event);
    }
  }

  /** The right stick: where it points, and pulled far it fires. */
  look(pull) {
    const length = Math.hypot(...pull);
    if (length > 0.15) this.aim = Math.atan2(pull[1], pull[0]);
    this.presses.set("stick", length > FIRES_FROM);
  }

  up(event) {
    const stick = this.sticks.get(event.pointerId);
    if (stick && !stick.isLeft) this.presses.release("stick");
    this.sticks.delete(event.pointerId);
    if (event.pointerId === this.railPointer) {
      this.railPointer = null;
      this.presses.release("rail");
    }
    if (event.pointerType !== "touch") this.hold(event.buttons);
  }

  stick(isLeft) {
    return [...this.sticks.values()].find((stick) => stick.isLeft === isLeft)?.pull;
  }

  /** Draws the touch sticks: where each began, and how far it is pulled. `ratio` is pixels per CSS pixel. */
  draw(context, ratio) {
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.strokeStyle = "#8492a860";
    context.fillStyle = "#4fd1c590";
    context.lineWidth = 2;
    for (const { x, y, pull } of this.sticks.values()) {
      context.beginPath();
      context.arc(x, y, STICK_PIXELS, 0, Math.PI * 2);
      context.stroke();
      context.beginPath();
      context.arc(x + pull[0] * STICK_PIXELS, y + pull[1] * STICK_PIXELS, STICK_PIXELS * 0.4, 0, Math.PI * 2);
      context.fill();
    }
  }

  /** Walk to the right and down, look, buttons. `centre` is where the player is on the screen, in CSS pixels. */
  input(centre) {
    const held = this.presses.take(performance.now());
    let [x, y] = this.stick(true) ?? [0, 0];
    for (const key of held) {
      const way = WALK[key];
      if (way) [x, y] = [x + way[0], y + way[1]];
    }
    if (this.mouse && centre && !this.stick(false)) {
      this.aim = Math.atan2(this.mouse[1] - centre[1], this.mouse[0] - centre[0]);
    }
    const any = (...names) => names.some((name) => held.has(name));
    const buttons = (any("left", "Space", "stick") ? FIRE : 0) | (any("right", "KeyE", "rail") ? RAIL : 0);
    return Float64Array.of(x, y, this.aim, buttons);
  }
}
