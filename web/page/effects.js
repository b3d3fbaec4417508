// Owns what flashes and is gone: beams, blasts, hits and rings, drawn in metres; and what to make of arena's events.

import { idNumber } from "./entities.js";

const TAU = Math.PI * 2;
/** Effects at once. The oldest makes room. */
const EFFECTS_MAX = 256;

const DRAW = {
  beam(context, { from, to, own }, part) {
    context.globalAlpha = 1 - part;
    context.strokeStyle = own ? "#e9d8fd" : "#b794f6";
    context.lineWidth = 0.16 * (1 - part) + 0.03;
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(to[0], to[1]);
    context.stroke();
  },
  blast(context, { x, y }, part) {
    context.globalAlpha = (1 - part) ** 1.5;
    context.fillStyle = "#f6ad5560";
    context.strokeStyle = "#ffd59a";
    context.lineWidth = 0.14 * (1 - part);
    context.beginPath();
    context.arc(x, y, 0.3 + 2.2 * Math.sqrt(part), 0, TAU);
    context.fill();
    context.stroke();
  },
  burst(context, { x, y, seed }, part) {
    context.globalAlpha = 1 - part;
    context.fillStyle = "#fc6f6f";
    for (let piece = 0; piece < 10; piece += 1) {
      const angle = piece * 0.628 + seed;
      const way = (1 + ((piece * 7) % 5) / 4) * Math.sqrt(part) * 1.4;
      context.fillRect(x + Math.cos(angle) * way - 0.08, y + Math.sin(angle) * way - 0.08, 0.16, 0.16);
    }
  },
  ring(context, { x, y, style }, part) {
    context.globalAlpha = 1 - part;
    context.strokeStyle = style;
    context.lineWidth = 0.09;
    context.beginPath();
    context.arc(x, y, 0.4 + part * 0.9, 0, TAU);
    context.stroke();
  },
  number(context, { x, y, text, style }, part) {
    context.globalAlpha = 1 - part * part;
    context.fillStyle = style;
    context.font = "700 0.62px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText(text, x, y - 1.1 - part * 0.9);
  },
};

export class Effects {
  /** `sound(name)` plays one. */
  constructor(sound) {
    this.sound = sound;
    this.all = [];
    this.shots = new Map();
    /** Predicted effects by id, so that they can be taken back. */
    this.predicted = new Map();
  }

  add(kind, ms, effect) {
    const added = { ...effect, kind, ms, since: performance.now() };
    this.all.push(added);
    if (this.all.length > EFFECTS_MAX) this.all.shift();
    return added;
  }

  draw(context, now) {
    this.all = this.all.filter((effect) => now - effect.since < effect.ms);
    for (const effect of this.all) DRAW[effect.kind](context, effect, Math.max(0, (now - effect.since) / effect.ms));
    context.globalAlpha = 1;
  }

  /** A rocket that was drawn and is no more has gone off. */
  watchShots(entities) {
    const now = new Map();
    for (const entity of entities) if (entity.kind === "Shot") now.set(entity.id, entity);
    for (const [id, shot] of this.shots) {
      if (now.has(id)) continue;
      this.add("blast", 380, { x: shot.pos_x, y: shot.pos_y });
      this.sound("blast");
    }
    this.shots = now;
  }

  /** After a pause, what vanished meanwhile must not go off all at once. */
  forget() {
    this.all = [];
    this.shots = new Map();
    this.predicted.clear();
  }

  /** An event of the game: `own` is the own player's id, `at(player)` where somebody is. */
  tell(event, own, at) {
    const [name, told] = Object.entries(event)[0];
    const is = (key) => idNumber(key) === own;
    switch (name) {
      case "Beam":
        this.sound("rail");
        return this.add("beam", 420, { from: told.from, to: told.to, own: is(told.shooter) });
      case "Launched":
        return this.sound("launch");
      case "Hit": {
        const place = at(idNumber(told.victim));
        if (is(told.victim)) this.sound("hurt");
        else this.sound("hit");
        const style = is(told.victim) ? "#fc6f6f" : "#ffe8b8";
        return place && this.add("number", 700, { ...place, text: String(told.damage), style });
      }
      case "Killed": {
        const place = at(idNumber(told.victim));
        return place && this.add("burst", 520, { ...place, seed: idNumber(told.victim) % 6 });
      }
      case "PickedUp": {
        const place = at(idNumber(told.player));
        if (is(told.player)) this.sound("pickup");
        return place && this.add("ring", 450, { ...place, style: told.item === "Health" ? "#6ee7a0" : "#f6ad55" });
      }
      case "Respawned": {
        const place = at(idNumber(told.player));
        return place && this.add("ring", 600, { ...place, style: "#8fb3e8" });
      }
    }
  }

  /** The client expects an event: it is shown at once. */
  expect(id, event, own, at) {
    this.predicted.set(id, this.tell(event, own, at));
    if (this.predicted.size > EFFECTS_MAX) this.predicted.delete(this.predicted.keys().next().value);
  }

  /** The server told an expected event: a beam ends where it really did. */
  confirm(id, event) {
    const shown = this.predicted.get(id);
    this.predicted.delete(id);
    if (shown?.kind === "beam" && event.Beam) Object.assign(shown, { from: event.Beam.from, to: event.Beam.to });
  }

  /** It did not happen. */
  withdraw(id) {
    const shown = this.predicted.get(id);
    this.predicted.delete(id);
    this.all = this.all.filter((effect) => effect !== shown);
  }
}
