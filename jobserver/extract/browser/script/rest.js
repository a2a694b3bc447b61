// Brings a page a step nearer to rest: pictures that wait for being scrolled to come, what moves comes to its end.

await whileEager(pictures);
const isMoving = [holdStill() > 0, hurry()].includes(true);
if (isMoving) await shown();
return isMoving;
