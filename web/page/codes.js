// Owns the sentences for the ways in which a session ends. The codes are those of PROTOCOL.md, section 8.

const SENTENCES = {
  1000: ["You left", "See you."],
  1002: ["Not understood", "What answered does not speak WebSocket."],
  1003: ["Not understood", "The server got text where it takes only bytes: a fault of this page."],
  1006: ["No connection", "The server cannot be reached, or does not let this page in."],
  1009: ["Too much at once", "The server refused a message because it was too big: a fault of this page."],
  1011: ["The room failed", "The room's game stopped with an error. A new room takes its place: join again."],
  1012: ["The server restarts", "Wait a moment, then join again."],
  1013: ["The connection is too slow", "What the server sent did not arrive in time."],
  4400: ["Malformed message", "One end sent what the protocol does not know, so the connection was closed."],
  4401: ["The seat is gone", "It was not kept for longer. Join again as somebody new."],
  4403: ["Not let in", "The room is full, or the game does not take this player."],
  4408: ["Nothing was heard for too long", "The server gave the seat up."],
  4409: ["Taken over", "Another connection has taken this seat."],
  4426: ["Another version", "The server plays another version than this page. Reload the page; if that does not help, the two differ in:"],
  4429: ["Too many messages", "The server got more messages than it takes: a fault of this page."],
};

/** Title, sentence and detail for a close code and the server's reason. */
export function explain(code, reason) {
  const [title, text] = SENTENCES[code] ?? ["The connection was closed", `The close code was ${code}.`];
  const isSaid = !reason || code === 1000;
  return { title, text, detail: isSaid ? "" : reason };
}
