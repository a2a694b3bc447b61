"""What browsers do before any style sheet: as far as it decides visibility and what a component inherits.

From the rendering section of the HTML standard and Chromium's ``html.css``.
"""

from __future__ import annotations

from jobserver.extract.static.sheet import Sheet

BROWSER_SHEET = Sheet(
    """
    area, base, basefont, datalist, head, link, meta, noembed, noframes, noscript, param, rp, script, style, template,
    title, [hidden], input[type=hidden i], dialog:not([open]), [popover], optgroup:not(select *), option:not(select *,
    datalist *), details:not([open]) > :not(summary:first-of-type) { display: none }
    address, article, aside, blockquote, body, center, dd, details, dialog[open], dir, div, dl, dt, fieldset,
    figcaption, figure, footer, form, h1, h2, h3, h4, h5, h6, header, hgroup, hr, html, legend, li, listing, main,
    menu, nav, ol, optgroup, option, p, plaintext, pre, search, section, summary, ul, xmp { display: block }
    table { display: table }
    tr { display: table-row }
    td, th { display: table-cell }
    button, img, input, meter, progress, select, textarea, video { display: inline-block }
    h1 { font-size: 2em; font-weight: bold }
    h2 { font-size: 1.5em; font-weight: bold }
    h3 { font-size: 1.17em; font-weight: bold }
    h4, b, strong, th { font-weight: bold }
    h5 { font-size: 0.83em; font-weight: bold }
    h6 { font-size: 0.67em; font-weight: bold }
    small, sub, sup { font-size: smaller }
    big { font-size: larger }
    address, cite, dfn, em, i, var { font-style: italic }
    code, kbd, pre, samp, tt, xmp, listing { font-family: monospace }
    pre, textarea, listing, xmp { white-space: pre }
    th, caption { text-align: center }
    center { text-align: -webkit-center }
    :is(p, div, h1, h2, h3, h4, h5, h6)[align=left i] { text-align: -webkit-left }
    :is(p, div, h1, h2, h3, h4, h5, h6)[align=center i] { text-align: -webkit-center }
    :is(p, div, h1, h2, h3, h4, h5, h6)[align=right i] { text-align: -webkit-right }
    :is(td, th, tr, tbody, thead, tfoot, col, colgroup)[align=left i] { text-align: -webkit-left }
    :is(td, th, tr, tbody, thead, tfoot, col, colgroup)[align=center i] { text-align: -webkit-center }
    :is(td, th, tr, tbody, thead, tfoot, col, colgroup)[align=right i] { text-align: -webkit-right }
    [align=justify i] { text-align: justify }
    nobr, td[nowrap], th[nowrap] { white-space: nowrap }
    ol { list-style-type: decimal }
    ul, menu { list-style-type: disc }
    ul ul, ol ul { list-style-type: circle }
    ul ul ul, ul ol ul, ol ul ul, ol ol ul { list-style-type: square }
    a:any-link { color: -webkit-link; cursor: pointer }
    [dir=rtl i] { direction: rtl }
    [dir=ltr i] { direction: ltr }
    table { text-indent: initial; border-collapse: separate; border-spacing: 2px }
    button, input, select, textarea { color: fieldtext; cursor: text; font-family: Arial; font-size: 13.3333px;
    font-style: normal; font-weight: 400; letter-spacing: normal; line-height: normal; text-align: start;
    text-indent: 0; text-shadow: none; text-transform: none; word-spacing: normal }
    button, select, input:is([type=button i], [type=submit i], [type=reset i], [type=checkbox i], [type=radio i],
    [type=range i], [type=color i]) { cursor: default }
    button, input:is([type=button i], [type=submit i], [type=reset i]) { text-align: center }
    summary, label { cursor: default }
    mark { color: black }
    """,
    "about:ua",
)
