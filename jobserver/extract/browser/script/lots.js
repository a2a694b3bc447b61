// Numbers that libraries draw by lot at each visit, to make an id of them that nobody else has.

const LOT = /\d{4,}/g;

/** Those in an id. */
function lotsIn(id) {
  return id.match(LOT) ?? [];
}
