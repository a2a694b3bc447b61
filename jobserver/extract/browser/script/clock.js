// The page's clock, by all the names that the page has for it: it goes as ever, and can be put ahead.

const { apply, construct } = Reflect;
const { Date } = window;
const realNow = performance.now.bind(performance);
let ahead = 0; // milliseconds
const pageNow = () => realNow() + ahead;

const later = { apply: (now, self, given) => apply(now, self, given) + ahead };
const stamp = Object.getOwnPropertyDescriptor(Event.prototype, 'timeStamp');
Object.defineProperty(Event.prototype, 'timeStamp', { ...stamp, get: new Proxy(stamp.get, later) });
Performance.prototype.now = new Proxy(Performance.prototype.now, later);
Date.now = new Proxy(Date.now, later);
const { now } = Date;
window.Date = new Proxy(Date, {
  apply: () => new Date(now()).toString(),
  construct: (date, given, by) => construct(date, given.length > 0 ? given : [now()], by),
});
Date.prototype.constructor = window.Date;
