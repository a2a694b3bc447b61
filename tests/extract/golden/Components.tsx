import * as React from "react";

export function Card1(): React.JSX.Element {
  return (
    <article className="gen-card-1">
      <img
        className="gen-card-1-1"
        src="https://example.com/a.webp"
        srcSet="https://example.com/a.webp 1x, https://example.com/b.webp 2x"
        alt=""
        loading="lazy"
      />
      <h3 className="gen-card-1-2">{"Pro & "}<em>simple</em></h3>
      <form className="gen-card-1-3" action="https://example.com/buy">
        <label htmlFor="gen-card-1-n">How many?</label>
        <input id="gen-card-1-n" type="number" defaultValue="2" min="1" max="9" />
        <select defaultValue="y"><option>Monthly</option><option value="y">Yearly</option></select>
        <button className="gen-card-1-4">Buy now</button>
      </form>
    </article>
  );
}

export function Link2(): React.JSX.Element {
  return (
    <a className="gen-a-2" href="https://example.com/cart" target="_blank" rel="noopener noreferrer">
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <defs><linearGradient id="gen-a-2-g"><stop offset="0" stopColor="red" /></linearGradient></defs>
        <path d="M0 0h24v24z" fill="url(#gen-a-2-g)" strokeWidth="2" />
      </svg>
      {" {Cart}"}
    </a>
  );
}

export default function Components(): React.JSX.Element {
  return (
    <React.Fragment>
      <Card1 />
      <Link2 />
    </React.Fragment>
  );
}
