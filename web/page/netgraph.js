// Owns the net graph: the client core's figures, ten seconds of samples, and the switches. Knows no game.

const element = (id) => document.getElementById(id);
const WINDOW_MS = 10_000;
/** Figures are read anew so often, bytes per second are counted over so long. */
const FIGURES_MS = 250;
const RATE_MS = 1000;
const FIELDS_SHOWN = 14;
/** Numbers of a sample: SAMPLE_NUMBERS of tickwire-web. */
const SAMPLE = 7;
/** The plot's height in milliseconds, at least. */
const HEIGHT_MS = 50;

const ms = (value) => (value === null ? "–" : `${value.toFixed(1)} ms`);
const kib = (bytes) => (bytes < 1000 ? `${Math.round(bytes)} B/s` : `${(bytes / 1000).toFixed(1)} kB/s`);
const share = (part, all) => (all ? `${part} (${((100 * part) / all).toFixed(2)} %)` : String(part));

/** What is listed: a name, its text, and whether it is bad. */
function rows(now, rates) {
  return [
    ["round trip", ms(now.round_trip_ms)],
    ["input to ack", ms(now.input_ack_ms)],
    ["slack", now.slack_ticks === null ? "–" : `${now.slack_ticks.toFixed(2)} ticks`, now.slack_ticks < 0],
    ["snapshot age", ms(now.snapshot_age_ms)],
    ["snapshot gap", ms(now.snapshot_gap_ms)],
    ["snapshots skipped", String(now.snapshots_skipped)],
    ["others are drawn behind", ms(now.drawn_behind_ms)],
    ["window of inputs under way", `${now.ahead_ticks} ticks`],
    ["entities in view", now.waiting ? `${now.entities} + ${now.waiting} to come` : String(now.entities)],
    ["late inputs", share(now.inputs_late, now.commands), now.inputs_late > 0],
    ["ticks without an input", String(now.inputs_missing), now.inputs_missing > 0],
    ["mispredictions", String(now.mispredictions), now.mispredictions > 0],
    ["explained corrections", String(now.corrections)],
    ["view hashes wrong", `${now.hash_mismatches} of ${now.hash_checks}`, now.hash_mismatches > 0],
    ["came back", now.resume_ms === null ? String(now.reconnects) : `${now.reconnects}, last in ${ms(now.resume_ms)}`],
    ["bytes down, up", rates ? `${kib(rates.down)}, ${kib(rates.up)}` : "–"],
  ];
}

export class NetGraph {
  constructor() {
    this.session = null;
    this.samples = [];
    this.figuresAt = 0;
    this.before = null;
    this.rates = null;
    this.tickMs = 0;
    for (const id of ["no-prediction", "no-interpolation", "no-compensation"]) {
      element(id).addEventListener("change", () => this.applySwitches());
    }
    for (const id of ["delay", "jitter", "stall"]) {
      element(id).addEventListener("input", () => this.applyLink());
    }
  }

  get isShown() {
    return !element("graph").hidden;
  }

  get showsGhost() {
    return element("ghost").checked;
  }

  /** Another session: what is switched stays switched. */
  attach(session) {
    Object.assign(this, { session, samples: [], before: null, rates: null });
    this.applySwitches();
    this.applyLink();
  }

  toggle() {
    element("graph").hidden = this.isShown;
  }

  applySwitches() {
    const isOn = (id) => !element(id).checked;
    this.session?.switches(isOn("no-prediction"), isOn("no-interpolation"), isOn("no-compensation"));
  }

  applyLink() {
    const values = ["delay", "jitter", "stall"].map((id) => Number(element(id).value));
    ["delay", "jitter", "stall"].forEach((id, place) => (element(`${id}-ms`).value = `${values[place]} ms`));
    this.session?.link(...values);
  }

  /** Called for each frame: samples are taken always, the rest is done only while it is shown. */
  update(now) {
    const taken = this.session.samples();
    for (let at = 0; at < taken.length; at += SAMPLE) this.samples.push(taken.subarray(at, at + SAMPLE));
    const old = this.samples.findIndex((sample) => sample[0] > now - WINDOW_MS);
    if (old > 0) this.samples.splice(0, old);
    if (!this.isShown) return;
    if (now - this.figuresAt >= FIGURES_MS) {
      this.figuresAt = now;
      this.list(now);
    }
    this.plot(now);
  }

  list(now) {
    const figures = this.session.figures();
    if (!figures) return;
    this.tickMs = 1000 / figures.tick_rate_hz;
    if (!this.before || now - this.before.at >= RATE_MS) {
      if (this.before) this.count(figures, now);
      this.before = { at: now, figures };
    }
    const list = rows(figures, this.rates).flatMap(([name, text, isBad]) => {
      const [term, value] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, value.textContent] = [name, text];
      if (isBad) value.className = "bad";
      return [term, value];
    });
    element("figures").replaceChildren(...list);
  }

  /** Bytes per second since the figures before. */
  count(figures, now) {
    const { at, figures: before } = this.before;
    const seconds = (now - at) / 1000;
    const known = new Map(before.spent.map(({ name, bytes }) => [name, bytes]));
    const spent = figures.spent.map(({ name, bytes }) => [name, (bytes - (known.get(name) ?? 0)) / seconds]);
    this.rates = {
      down: (figures.bytes_down - before.bytes_down) / seconds,
      up: (figures.bytes_up - before.bytes_up) / seconds,
    };
    spent.sort(([, one], [, other]) => other - one);
    const shown = spent.slice(0, FIELDS_SHOWN);
    // What is not shown, and the rounding up to whole bytes: together they are the bytes down.
    shown.push(["all else", Math.max(0, shown.reduce((rest, [, rate]) => rest - rate, this.rates.down))]);
    const made = shown.map(([name, rate]) => {
      const row = document.createElement("tr");
      for (const text of [name, kib(rate)]) row.appendChild(document.createElement("td")).textContent = text;
      return row;
    });
    element("spent").replaceChildren(...made);
  }

  plot(now) {
    const canvas = element("plot");
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * ratio));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    const most = this.samples.reduce((most, sample) => Math.max(most, sample[1] || 0, sample[2] || 0), HEIGHT_MS);
    const x = (sample) => width * (1 - (now - sample[0]) / WINDOW_MS);
    const y = (value) => height - (height - 14 * ratio) * Math.min(1, value / most);
    this.grid(context, width, y, most, ratio);
    for (const [place, style] of [[1, "#4a6fa5"], [2, "#8fb3e8"]]) {
      context.strokeStyle = style;
      context.lineWidth = ratio;
      context.beginPath();
      for (const sample of this.samples) context.lineTo(x(sample), y(sample[place] || 0));
      context.stroke();
    }
    this.plotSlack(context, x, y, ratio);
    const largest = this.samples.reduce((most, sample) => Math.max(most, sample[6] || 0), 1e-9);
    for (const sample of this.samples) {
      if (!sample[4] && !sample[5]) continue;
      context.fillStyle = sample[4] ? "#fc6f6f" : "#f6ad55";
      const tall = height * (sample[4] ? 1 : 0.15 + (0.6 * (sample[6] || 0)) / largest);
      context.fillRect(x(sample) - ratio, height - tall, 2 * ratio, tall);
    }
  }

  /** How early the inputs came, in the time of ticks; along the bottom they were too late. */
  plotSlack(context, x, y, ratio) {
    context.strokeStyle = "#6ee7a0";
    context.lineWidth = ratio;
    context.beginPath();
    for (const sample of this.samples) context.lineTo(x(sample), y(Math.max(0, sample[3] * this.tickMs || 0)));
    context.stroke();
  }

  grid(context, width, y, most, ratio) {
    context.strokeStyle = "#1b2537";
    context.fillStyle = "#8492a8";
    context.font = `${10 * ratio}px system-ui, sans-serif`;
    const step = 10 ** Math.floor(Math.log10(most / 2));
    const line = most / step > 5 ? step * 5 : step * 2;
    for (let value = line; value <= most; value += line) {
      context.beginPath();
      context.moveTo(0, y(value));
      context.lineTo(width, y(value));
      context.stroke();
      context.fillText(`${value} ms`, 4 * ratio, y(value) - 2 * ratio);
    }
  }
}
