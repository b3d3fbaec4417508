// Owns what lies over the scene: health, kill feed, chat, scores and messages. All text goes in as text, never as HTML.

const FEED_MAX = 6;
const FEED_MS = 6000;
const LINES_MAX = 8;
const LINE_MS = 14000;

const element = (id) => document.getElementById(id);

/** An element of a kind with a text. */
function make(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Sets a text only if it is another one: the browser lays out anew for each. */
function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function append(list, item, most, ms) {
  list.append(item);
  while (list.children.length > most) list.firstChild.remove();
  setTimeout(() => item.remove(), ms);
}

export class Hud {
  /** The own player as it is drawn; null for who watches. */
  vitals(own) {
    element("vitals").hidden = !own;
    if (!own) return;
    const health = element("health");
    health.style.transform = `scaleX(${own.hp / 100})`;
    health.classList.toggle("low", own.hp <= 35);
    write(element("hp"), own.alive ? String(own.hp) : "back in a moment");
    write(element("rockets"), String(own.rockets));
    write(element("slugs"), String(own.slugs));
  }

  place(room, people, pingMs) {
    write(element("room"), room);
    write(element("people"), people === 1 ? "1 here" : `${people} here`);
    write(element("ping"), pingMs === null ? "" : `${Math.round(pingMs)} ms`);
  }

  feed(line, isMine) {
    append(element("feed"), make("li", line, isMine ? "mine" : ""), FEED_MAX, FEED_MS);
  }

  chat(name, text) {
    const item = make("li");
    item.append(make("b", `${name} `), text);
    append(element("lines"), item, LINES_MAX, LINE_MS);
  }

  /** Something that nobody said. */
  note(text) {
    append(element("lines"), make("li", text, "dim"), LINES_MAX, LINE_MS);
  }

  /** What a spectator is told, and whether somebody is followed, so that there is a way back; null for who plays. */
  watching(text, isFollowing = false) {
    element("watching").hidden = !text;
    element("to-map").hidden = !isFollowing;
    write(element("watched"), text ?? "");
  }

  /** Rows of name, score, deaths, best first; and the names of who only watches. */
  scores(rows, watchers) {
    const made = rows.map(({ name, score, deaths, own, alive }) => {
      const row = make("tr", "", `${own ? "own" : ""} ${alive ? "" : "dead"}`.trim());
      row.append(make("td", name), make("td", String(score)), make("td", String(deaths)));
      return row;
    });
    element("score-rows").replaceChildren(...made);
    write(element("watchers"), watchers.length ? `Watching: ${watchers.join(", ")}` : "");
  }

  /** A message over everything; null takes it away. */
  notice(message) {
    const notice = element("notice");
    notice.hidden = !message;
    if (!message) return;
    write(element("notice-title"), message.title);
    write(element("notice-text"), message.text);
    write(element("notice-detail"), message.detail ?? "");
    element("notice-detail").hidden = !message.detail;
    element("again").hidden = !message.isEnd;
  }

  clear() {
    for (const id of ["feed", "lines", "score-rows"]) element(id).replaceChildren();
    this.notice(null);
    this.watching(null);
  }
}
