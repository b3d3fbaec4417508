// Owns the picture of arena: camera, ground, walls, players, rockets and pick-ups on a 2D canvas.

const TAU = Math.PI * 2;
/** Square metres that are seen around the own player, whatever the shape of the window. */
const SEEN_SQUARE_METRES = 1050;
const RADIUS = 0.5;
const COLOURS = { ground: "#0e131d", outside: "#070a10", grid: "#151c2a", wall: "#2b3850", wallEdge: "#4a5f85" };
/** Labels that are kept drawn. */
const LABELS_MAX = 1024;

/** A player's colour, always the same for the same id. */
export function colour(player, lightness = 62) {
  const hue = (player * 137.508) % 360;
  return `hsl(${hue.toFixed(0)} 72% ${lightness}%)`;
}

export class Scene {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.map = null;
    this.eye = { x: 0, y: 0 };
    this.scale = 20;
    this.labels = new Map();
    this.ratio = 1;
    /** The canvas in pixels of the screen, where the browser tells. */
    this.pixels = null;
    this.observe();
    this.fit();
  }

  observe() {
    const observer = new ResizeObserver(([entry]) => {
      const size = entry.devicePixelContentBoxSize?.[0];
      this.pixels = size ? [size.inlineSize, size.blockSize] : null;
    });
    try {
      observer.observe(this.canvas, { box: "device-pixel-content-box" });
    } catch {
      // A browser that does not know the box: rounding must do.
    }
  }

  /** As many pixels as the screen has: so nothing is blurred, at any zoom. The ratio changes without a sign: on another screen, say. */
  fit() {
    const ratio = window.devicePixelRatio || 1;
    const rounded = [window.innerWidth, window.innerHeight].map((side) => Math.round(side * ratio));
    // What differs by more than rounding was told at another ratio.
    const isNow = this.pixels?.every((side, place) => Math.abs(side - rounded[place]) <= 1);
    const [width, height] = isNow ? this.pixels : rounded;
    if (this.ratio === ratio && this.canvas.width === width && this.canvas.height === height) return;
    this.ratio = ratio;
    Object.assign(this.canvas, { width, height });
    this.labels.clear();
  }

  /** The room's map, from the settings. */
  setMap(map) {
    this.map = map;
  }

  /** Looks at a point, or at the whole map if there is none. */
  lookAt(point) {
    this.fit();
    const { width, height } = this.canvas;
    const size = this.map?.size ?? [80, 60];
    if (point) {
      this.eye = { x: point.pos_x, y: point.pos_y };
      this.scale = Math.sqrt((width * height) / SEEN_SQUARE_METRES);
    } else {
      this.eye = { x: size[0] / 2, y: size[1] / 2 };
      this.scale = Math.min(width / (size[0] + 4), height / (size[1] + 4));
    }
  }

  /** Where a place of the map is on the screen, in CSS pixels. */
  onScreen(x, y) {
    return [
      ((x - this.eye.x) * this.scale + this.canvas.width / 2) / this.ratio,
      ((y - this.eye.y) * this.scale + this.canvas.height / 2) / this.ratio,
    ];
  }

  /** Draws everything. `who(player)` gives a name; `effects` draw themselves, in metres. */
  draw(entities, { who, own, showsGhost, effects, now }) {
    const context = this.context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = COLOURS.outside;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const { width, height } = this.canvas;
    const x = width / 2 - this.eye.x * this.scale;
    const y = height / 2 - this.eye.y * this.scale;
    context.setTransform(this.scale, 0, 0, this.scale, x, y);
    if (this.map) this.drawGround();
    const players = [];
    for (const entity of entities) {
      if (!this.isSeen(entity)) continue;
      if (entity.kind === "Pickup") this.drawPickup(entity, now);
      else if (entity.kind === "Shot") this.drawShot(entity);
      else if (entity.isGhost) showsGhost && this.drawGhost(entity);
      else players.push(entity);
    }
    for (const player of players) this.drawPlayer(player, now);
    effects.draw(context, now);
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const player of players) if (player.alive) this.drawLabel(player, who(player.player), own, [x, y]);
  }

  isSeen({ pos_x: x, pos_y: y }) {
    const margin = 2;
    return (
      Math.abs(x - this.eye.x) < this.canvas.width / 2 / this.scale + margin &&
      Math.abs(y - this.eye.y) < this.canvas.height / 2 / this.scale + margin
    );
  }

  drawGround() {
    const context = this.context;
    const [width, height] = this.map.size;
    context.fillStyle = COLOURS.ground;
    context.fillRect(0, 0, width, height);
    context.strokeStyle = COLOURS.grid;
    context.lineWidth = 1 / this.scale;
    context.beginPath();
    for (let x = 4; x < width; x += 4) (context.moveTo(x, 0), context.lineTo(x, height));
    for (let y = 4; y < height; y += 4) (context.moveTo(0, y), context.lineTo(width, y));
    context.stroke();
    context.fillStyle = COLOURS.wall;
    context.strokeStyle = COLOURS.wallEdge;
    context.lineWidth = 0.08;
    context.beginPath();
    for (const { min, max } of this.map.walls) context.rect(min[0], min[1], max[0] - min[0], max[1] - min[1]);
    context.fill();
    context.stroke();
    context.strokeRect(0, 0, width, height);
  }

  drawPickup({ pos_x: x, pos_y: y, item }, now) {
    const context = this.context;
    const pulse = 0.42 + 0.04 * Math.sin(now / 300 + x);
    context.fillStyle = item === "Health" ? "#173b2c" : "#40301a";
    context.strokeStyle = item === "Health" ? "#6ee7a0" : "#f6ad55";
    context.lineWidth = 0.07;
    context.beginPath();
    context.roundRect(x - pulse, y - pulse, pulse * 2, pulse * 2, 0.14);
    context.fill();
    context.stroke();
    context.beginPath();
    if (item === "Health") {
      context.moveTo(x - 0.22, y), context.lineTo(x + 0.22, y);
      context.moveTo(x, y - 0.22), context.lineTo(x, y + 0.22);
    } else {
      for (const dx of [-0.16, 0, 0.16]) (context.moveTo(x + dx, y - 0.18), context.lineTo(x + dx, y + 0.18));
    }
    context.lineWidth = 0.1;
    context.stroke();
  }

  drawShot({ pos_x: x, pos_y: y, vel_x, vel_y }) {
    const context = this.context;
    const speed = Math.hypot(vel_x, vel_y) || 1;
    const [dx, dy] = [vel_x / speed, vel_y / speed];
    context.lineCap = "round";
    for (const [length, width, style] of [[1.5, 0.16, "#f6ad5530"], [0.8, 0.2, "#f6ad5590"], [0.28, 0.22, "#fff3d6"]]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(x - dx * length, y - dy * length);
      context.lineTo(x, y);
      context.stroke();
    }
    context.lineCap = "butt";
  }

  drawGhost({ pos_x: x, pos_y: y }) {
    const context = this.context;
    context.strokeStyle = "#ffffffa0";
    context.lineWidth = 0.06;
    context.setLineDash([0.16, 0.12]);
    context.beginPath();
    context.arc(x, y, RADIUS, 0, TAU);
    context.stroke();
    context.setLineDash([]);
  }

  drawPlayer(player, now) {
    const context = this.context;
    const { pos_x: x, pos_y: y } = player;
    if (!player.alive) {
      context.strokeStyle = "#56627a";
      context.lineWidth = 0.1;
      context.beginPath();
      context.moveTo(x - 0.25, y - 0.25), context.lineTo(x + 0.25, y + 0.25);
      context.moveTo(x + 0.25, y - 0.25), context.lineTo(x - 0.25, y + 0.25);
      context.stroke();
      return;
    }
    const body = player.isOwn ? "#4fd1c5" : colour(player.player);
    const [dx, dy] = [Math.cos(player.aim), Math.sin(player.aim)];
    context.strokeStyle = player.weapon === "Rail" ? "#b794f6" : "#d9dfe9";
    context.lineWidth = player.weapon === "Rail" ? 0.13 : 0.22;
    context.beginPath();
    context.moveTo(x + dx * 0.3, y + dy * 0.3);
    context.lineTo(x + dx * 0.85, y + dy * 0.85);
    context.stroke();
    context.fillStyle = body;
    context.strokeStyle = player.isOwn ? "#ffffff" : "#00000080";
    context.lineWidth = player.isOwn ? 0.08 : 0.06;
    context.beginPath();
    context.arc(x, y, RADIUS - 0.04, 0, TAU);
    context.fill();
    context.stroke();
    if (player.shielded) this.drawShield(x, y, now);
    if (player.hp < 100) this.drawHealth(x, y, player.hp);
  }

  drawShield(x, y, now) {
    const context = this.context;
    context.strokeStyle = `rgb(143 179 232 / ${0.55 + 0.3 * Math.sin(now / 90)})`;
    context.lineWidth = 0.07;
    context.beginPath();
    context.arc(x, y, RADIUS + 0.17, 0, TAU);
    context.stroke();
  }

  drawHealth(x, y, hp) {
    const context = this.context;
    context.fillStyle = "#0008";
    context.fillRect(x - 0.55, y + 0.68, 1.1, 0.13);
    context.fillStyle = hp > 50 ? "#6ee7a0" : hp > 25 ? "#f6ad55" : "#fc6f6f";
    context.fillRect(x - 0.55, y + 0.68, (1.1 * hp) / 100, 0.13);
  }

  /** Names are drawn once and then copied: text is the dearest thing on a canvas. */
  drawLabel(player, name, own, [x, y]) {
    const label = this.label(name, player.isOwn);
    const left = player.pos_x * this.scale + x - label.width / 2;
    const top = (player.pos_y - 0.75) * this.scale + y - label.height;
    this.context.drawImage(label, Math.round(left), Math.round(top));
  }

  label(name, isOwn) {
    const key = `${isOwn ? 1 : 0}${name}`;
    const known = this.labels.get(key);
    if (known) return known;
    if (this.labels.size > LABELS_MAX) this.labels.clear();
    const label = document.createElement("canvas");
    const context = label.getContext("2d");
    const font = `600 ${Math.round(11.5 * this.ratio)}px system-ui, "DejaVu Sans", sans-serif`;
    context.font = font;
    label.width = Math.ceil(context.measureText(name).width) + 6;
    label.height = Math.round(15 * this.ratio);
    context.font = font;
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.strokeStyle = "#070a10c0";
    context.fillStyle = isOwn ? "#bff3ec" : "#c5cedd";
    context.strokeText(name, 3, label.height / 2);
    context.fillText(name, 3, label.height / 2);
    this.labels.set(key, label);
    return label;
  }
}
