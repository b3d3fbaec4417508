// Owns what is held down: keys, buttons and triggers by name, each for at least two ticks, however short the press was.

/** Two ticks of arena and a little: a click between two frames, or between two ticks, is in an input all the same. */
const PRESS_MS = 35;

export class Presses {
  constructor() {
    /** By name: whether it is still held, and until when it counts as held; null before an input has had it. */
    this.all = new Map();
  }

  press(name) {
    if (!this.all.get(name)?.isHeld) this.all.set(name, { isHeld: true, until: null });
  }

  release(name) {
    const press = this.all.get(name);
    if (press) press.isHeld = false;
  }

  set(name, isHeld) {
    if (isHeld) this.press(name);
    else this.release(name);
  }

  clear() {
    this.all.clear();
  }

  /** The names of what an input of this moment has. */
  take(now) {
    const taken = new Set();
    for (const [name, press] of this.all) {
      press.until ??= now + PRESS_MS;
      if (press.isHeld || now < press.until) taken.add(name);
      else this.all.delete(name);
    }
    return taken;
  }
}
