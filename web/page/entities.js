// Owns the way from the client core's array to objects with the game's own field names. Knows no game.

const OWN = 1;
const PREDICTED = 2;
const GHOST = 4;
/** Numbers before the fields: id, kind, flags. */
const HEAD = 3;

/** Readers for the kinds that the client core told of. A field `pos.x` becomes `pos_x`; a choice becomes its name. */
export function readers(kinds) {
  return kinds.map(({ name, fields }) => ({
    name,
    size: fields.length,
    fields: fields.map((field) => ({ key: field.name.replaceAll(/[.?]/g, "_"), names: field.names })),
  }));
}

/** All entities of the array, in its order: the own one first, a ghost last. */
export function read(numbers, kinds) {
  const entities = [];
  let at = 0;
  while (at + HEAD <= numbers.length) {
    const kind = kinds[numbers[at + 1]];
    const flags = numbers[at + 2];
    const entity = {
      id: numbers[at],
      kind: kind.name,
      isOwn: (flags & OWN) !== 0,
      isPredicted: (flags & PREDICTED) !== 0,
      isGhost: (flags & GHOST) !== 0,
    };
    at += HEAD;
    for (const field of kind.fields) {
      const number = numbers[at++];
      entity[field.key] = field.names ? field.names[number] : number;
    }
    entities.push(entity);
  }
  return entities;
}

/** A player's id in an event, `{idx, version}`, as the number that it is in an entity. */
export function idNumber(key) {
  return key.version * 2 ** 20 + key.idx;
}
