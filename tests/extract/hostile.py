"""Trees, addresses, styles and texts as a hostile page would have them, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from jobserver.extract.model import Node, Rule
from jobserver.extract.text import words

TAGS = sorted(
    words(
        """a div span p b button input select option textarea pre table tbody tr td form label img picture source video
        iframe svg path use image linearGradient lineargradient animate animateTransform set foreignObject
        foreignobject title style script SCRIPT scr<ipt template object embed link meta base noscript xmp plaintext
        math mtext mglyph annotation-xml my-element x:y details summary body html frameset marquee isindex keygen slot
        desc switch filter feImage mask textPath ANIMATE handler listener portal fencedframe param applet source audio
        optgroup datalist dialog meter ul li"""
    )
)
ATTRIBUTES = sorted(
    words(
        """href src srcset xlink:href action formaction poster data id class name value type style onclick ONERROR
        onerror\x00 srcdoc ping target rel for aria-labelledby aria-label aria-on data-x data-on-click data-bind fill
        clip-path attributeName values from to begin d viewBox viewbox http-equiv content tabindex checked selected is
        slot part nonce "><script>alert(1)</script> a=b onfocus onbegin ontoggle autofocus popovertarget data-x.y
        data-x:y data-csrf-token contenteditable formmethod background longdesc usemap manifest archive codebase
        xml:base xlink:actuate begin end keyTimes mask filter cursor media sizes accept pattern list method cite ref key
        dangerouslySetInnerHTML children className htmlFor value\t {...x} aria-hidden aria-level rows colspan"""
    )
)

BAD_URLS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "java\x00script:alert(1)",
    "\u00a0javascript:alert(1)",
    "vbscript:x",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "data:,x",
    "blob:https://a/b",
    "file:///etc/passwd",
    "filesystem:https://a/b",
    "view-source:https://a",
    "http:\\\\evil",
    "jar:https://a!/b",
    "&#106;avascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript:/*--></title></style></textarea></script><svg onload=alert(1)>",
    "\u2028javascript:alert(1)",
    "\ufeffjavascript:alert(1)",
    "java\u200bscript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "data:application/xhtml+xml,<x/>",
    "https:javascript:alert(1)",
)
ODD_URLS = (
    'data:image/png,x" onerror=alert(1)',
    'https://a/"><script>alert(1)</script>',
    "https://a/#</style>",
    "//evil\\@a/",
)
"""They run nothing, but must be escaped."""

GOOD_URLS = ("https://example.com/a?b=1&c=2", "/relative", "#part", "mailto:a@example.com", "tel:+1", "//example.com/x")

VALUES = (
    "",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<!--",
    "-->",
    "]]>",
    "password",
    "hidden",
    "_blank",
    "url(#a)",
    "url(javascript:alert(1))",
    "{alert(1)}",
    "${alert(1)}",
    "`",
    "\\",
    "\u2028",
    "\ud800",
    "\x00",
    "\u00a0",
    "a",
    "x 1x, javascript:alert(1) 2x, https://a/b.png 3x",
    "https://a/b.png 1x, java\tscript:alert(1) 2x",
    "href",
    "onclick",
    "{...{dangerouslySetInnerHTML:{__html:'x'}}}",
    "*/ alert(1) /*",
    "</script><script>alert(1)</script>",
    "<svg><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "__proto__",
    "1;javascript:alert(1)",
    "&lt;script&gt;",
    "\r\n",
    "\x0b\x0c",
)

PROPERTIES = (
    "color",
    "background",
    "--x",
    "--",
    "content",
    "behavior",
    "-moz-binding",
    "x}y",
    "font-family",
    "a:b",
    "",
)
CSS_VALUES = (
    "red",
    "1px solid rgb(0, 0, 0)",
    'url("https://a/b.png")',
    "url(javascript:alert(1))",
    'url("java\\73 cript:alert(1)")',
    "expression(alert(1))",
    "e\\78 pression(alert(1))",
    "red; } body { display: none",
    "red } @import url(https://evil/x.css);",
    "</style><script>alert(1)</script>",
    '"</style><script>alert(1)</script>"',
    "'",
    '"',
    "(",
    ")",
    "{",
    "[",
    "/*",
    "*/",
    "\\",
    '"\\',
    "<!--",
    "@import 'x'",
    'x.url(javascript:"a")',
    "a,url(javascript:alert(1))",
    "url(https://a/b) url(",
    "var(--x, url(javascript:alert(1)))",
    'image-set("javascript:alert(1)" 1x)',
    "",
    "\ud800",
    "red !important",
    "!important red",
    "#{x}",
    'src("javascript:alert(1)")',
    'image("javascript:alert(1)")',
    '-webkit-image-set("java\\script:alert(1)" 1x)',
    "u\\72l(javascript:alert(1))",
    "URL( JaVaScRiPt:alert(1) )",
    'url("data:text/html,<script>alert(1)</script>")',
    'url("https://a/b\\"); } body { color: red")',
    "cross-fade(url(javascript:alert(1)), red)",
    "-moz-element(#x)",
    "element(#x)",
    "progid:DXImageTransform.Microsoft.x(src='x')",
    'var(--x, "</style>")',
    '"\\3c/style>"',
    "attr(href url)",
    "red;;color:blue",
    "a:b",
    "\\",
    "url(",
    "url('https://a/b",
    "red/**/;color:blue",
    "<script>",
    "a<b",
    "var(--x",
    "--x: red",
    "@media all { red }",
)
SUFFIXES = (
    "",
    ":hover",
    "::before",
    ":where({0}:hover *)",
    ":where({7}:hover)",
    ", body",
    "{",
    "} body {",
    " > a",
    ":x(",
    ":where({0}:hover *)",
    ":where({1}:checked ~ *)::before",
    ":where({0}:has({1}:focus-visible) > *)",
    ":where(:not({99}))",
    ":where(*) , body",
    ":where(a{color:red})",
    ':where([x="</style>"])',
    ':where([x="a"])::-webkit-slider-thumb',
    "::part(x)",
    ":is(:hover, body)",
    ":where(:hover) body",
    ":where(:hover)/**/, body",
    ":where(:hover\\)",
    "\n, body",
)
CONDITIONS = (
    "@media (min-width: 1px)",
    "@media print { } body {",
    "@import url(https://evil/x.css); @media all",
    "@supports (display: grid)",
    "@layer x",
    "@media </style>",
    "@media (",
    "@charset 'x'",
    "@container (width > 1px)",
    "@container x style(--y: 1)",
    "@supports selector(:has(a))",
    "@supports (background: url(javascript:alert(1)))",
    "@media (width >= 1px) and (width < 2px)",
    "@scope (.a)",
    "@media all; @import 'x'",
    "@MEDIA /* */ print",
    "@supports (x: '</style>')",
    "@starting-style",
    "@-moz-document url(x)",
)
HEAD = (
    '@font-face { font-family: "A"; src: url("https://a/b.woff2") }',
    "@font-face { font-family: red; src: url(javascript:alert(1)) }",
    "@keyframes red { from { color: red } to { color: blue } }",
    "@keyframes red { from { color: red } } body { color: red }",
    "@keyframes red { from { color: red } to { </style> } }",
    "@import url(https://evil/x.css);",
    '@property --x { syntax: "*"; inherits: false }',
    "@keyframes red { from { color: red",
    "@font-face { font-family: red; src: url(https://a/b) } @import 'x';",
)

urls = st.sampled_from(BAD_URLS + ODD_URLS + GOOD_URLS)
texts = st.sampled_from(VALUES) | st.text(max_size=12)
values = urls | texts
rules = st.builds(
    Rule,
    st.dictionaries(
        st.sampled_from(PROPERTIES), st.sampled_from(CSS_VALUES) | st.text(max_size=8), min_size=1, max_size=4
    ),
    st.sampled_from(SUFFIXES),
    st.lists(st.sampled_from(CONDITIONS), max_size=2).map(tuple),
)


def _node(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    attrs = st.dictionaries(st.sampled_from(ATTRIBUTES), values, max_size=5)
    inside = st.lists(children | texts, max_size=4)
    return st.builds(Node, st.sampled_from(TAGS), attrs, st.lists(rules, max_size=3), inside)


nodes = st.recursive(_node(st.nothing()), _node, max_leaves=12)
