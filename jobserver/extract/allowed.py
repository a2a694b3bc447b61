"""The allow-list: which elements a component may hold and which attributes each of them may have."""

from __future__ import annotations

import re

from jobserver.extract.text import words

REMOVED = words(
    """script style template object embed applet param link meta base head title noscript noembed noframes frame
    frameset foreignobject set plaintext xmp portal fencedframe track animatecolor handler listener"""
)
"""Gone with all they hold: they run, load, hide, or are read by parsers in a mode of their own."""

VOID = words("area base br col embed hr img input link meta param source track wbr")
"""Elements without an end tag (HTML, 13.1.2)."""

TEXT_ONLY = words("textarea option")
"""Elements whose content is text and nothing else."""

EMPTY = VOID | {"iframe"}
"""Elements that keep no children; an iframe's would be read as raw text."""

HTML = words(
    """a abbr address article aside audio b bdi bdo blockquote br button canvas caption cite code col colgroup data
    datalist dd del details dfn dialog div dl dt em fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header
    hgroup hr i iframe img input ins kbd label legend li main mark menu meter nav ol optgroup option output p picture
    pre progress q rp rt ruby s samp search section select small source span strong sub summary sup svg table tbody td
    textarea tfoot th thead time tr u ul var video wbr"""
)

BLOCKS = words("body center dir html isindex layer listing marquee math multicol")
"""Elements outside the list that stand as ``div``; every other one, custom elements too, stands as ``span``."""

_SVG_NAMES = words(
    """a animate animateMotion animateTransform circle clipPath defs desc ellipse feBlend feColorMatrix
    feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow
    feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight
    feSpecularLighting feSpotLight feTile feTurbulence filter g image line linearGradient marker mask path pattern
    polygon polyline radialGradient rect stop svg switch symbol text textPath title tspan use view"""
)
SVG = {name.lower(): name for name in _SVG_NAMES}
"""Lower case → the spelling of SVG 2."""

BOOLEAN = words(
    """checked controls disabled hidden itemscope loop multiple muted novalidate open playsinline readonly required
    reversed selected allowfullscreen"""
)
"""Attributes that are there or not."""

URL_ATTRIBUTES = words("href src srcset poster action cite")

ID_LISTS = words(
    """for list headers aria-activedescendant aria-controls aria-describedby aria-details aria-errormessage
    aria-flowto aria-labelledby aria-owns"""
)
"""Attributes that name other elements by id."""

VALUES = {
    **dict.fromkeys(("cols", "rows", "size", "span", "colspan", "rowspan"), re.compile(r"[1-9]\d{0,5}")),
    **dict.fromkeys(("start", "tabindex"), re.compile(r"-?\d{1,6}")),
    **dict.fromkeys(("maxlength", "minlength"), re.compile(r"\d{1,9}")),
    "name": re.compile(r"[\w.\[\]:-]{1,80}"),
    "target": re.compile(r"_blank|_self", re.IGNORECASE),
    "method": re.compile(r"get|post|dialog", re.IGNORECASE),
}
"""What the value of an attribute must be for it to stay. (React drops or repairs numbers that are none.)"""

GLOBAL = words("title lang dir role tabindex hidden translate")
_FIELD = words("name disabled required autocomplete")
_TABLE = words("align bgcolor height valign width")
_MEDIA = words("controls height loop muted playsinline poster src width")

HTML_ATTRIBUTES = {
    "a": words("href hreflang rel target download"),
    "audio": _MEDIA,
    "blockquote": words("cite"),
    "button": words("name type value disabled"),
    "canvas": words("height width"),
    "col": _TABLE | {"span"},
    "colgroup": _TABLE | {"span"},
    "data": words("value"),
    "del": words("cite datetime"),
    "details": words("open name"),
    "dialog": words("open"),
    "fieldset": words("disabled"),
    "form": words("action autocomplete method novalidate"),
    "hr": words("align size width"),
    "iframe": words("src width height"),
    "img": words("alt src srcset sizes width height loading decoding"),
    "input": _FIELD
    | words("type value placeholder checked readonly min max step minlength maxlength pattern size multiple accept")
    | words("inputmode list src alt width height"),
    "ins": words("cite datetime"),
    "label": words("for"),
    "li": words("value"),
    "meter": words("value min max low high optimum"),
    "ol": words("start reversed type"),
    "optgroup": words("label disabled"),
    "option": words("value label selected disabled"),
    "output": words("for"),
    "progress": words("value max"),
    "q": words("cite"),
    "select": _FIELD | words("multiple size"),
    "source": words("src srcset sizes media type width height"),
    "table": _TABLE | words("border cellpadding cellspacing"),
    "tbody": _TABLE,
    "td": _TABLE | words("colspan rowspan headers abbr"),
    "textarea": _FIELD | words("placeholder readonly rows cols wrap minlength maxlength inputmode"),
    "tfoot": _TABLE,
    "th": _TABLE | words("colspan rowspan headers abbr scope"),
    "thead": _TABLE,
    "time": words("datetime"),
    "tr": _TABLE,
    "ul": words("type"),
    "video": _MEDIA,
}

# SVG's geometry and presentation attributes carry numbers, colours and `url(#…)`; every value is checked as CSS is.
_SVG_ATTRIBUTE_NAMES = words(
    """accumulate additive alignment-baseline amplitude attributeName azimuth baseFrequency baseline-shift begin bias by
    calcMode clip-path clip-rule clipPathUnits color color-interpolation color-interpolation-filters cursor cx cy d
    diffuseConstant direction display divisor dominant-baseline dur dx dy edgeMode elevation end exponent fill
    fill-opacity fill-rule filter filterUnits flood-color flood-opacity focusable font-family font-size font-style
    font-variant font-weight from fx fy fr gradientTransform gradientUnits height image-rendering in in2 intercept k1
    k2 k3 k4 kernelMatrix kernelUnitLength keyPoints keySplines keyTimes lengthAdjust letter-spacing lighting-color
    limitingConeAngle marker-end marker-mid marker-start markerHeight markerUnits markerWidth mask mask-type
    maskContentUnits maskUnits max min mode numOctaves offset opacity operator order orient overflow paint-order path
    pathLength patternContentUnits patternTransform patternUnits pointer-events points pointsAtX pointsAtY pointsAtZ
    preserveAlpha preserveAspectRatio primitiveUnits r radius refX refY repeatCount repeatDur restart result rotate rx
    ry scale seed shape-rendering slope specularConstant specularExponent spreadMethod startOffset stdDeviation
    stitchTiles stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
    stroke-miterlimit stroke-opacity stroke-width surfaceScale tableValues targetX targetY text-anchor
    text-decoration text-rendering textLength to transform transform-origin type unicode-bidi values vector-effect
    version viewBox visibility width word-spacing writing-mode x x1 x2 xChannelSelector y y1 y2 yChannelSelector z"""
)
SVG_ATTRIBUTES = {name.lower(): name for name in _SVG_ATTRIBUTE_NAMES}
"""Lower case → the spelling of SVG 2."""

ANIMATED = words(
    """clip-path cx cy d dx dy fill fill-opacity gradientTransform height offset opacity points r rotate rx ry
    stroke stroke-dasharray stroke-dashoffset stroke-opacity stroke-width transform visibility width x x1 x2 y y1 y2"""
)
"""What ``<animate>`` may change: never an address (``attributeName="href"`` can put a script into a link)."""

_SVG_LINKS = {"a": words("href target rel"), "use": words("href"), "image": words("href")}
_SVG_LINKS |= dict.fromkeys(("linearGradient", "radialGradient", "pattern", "textPath", "filter"), words("href"))

_ARIA = {
    f"aria-{name}"
    for name in words(
        """activedescendant atomic autocomplete braillelabel brailleroledescription busy checked colcount colindex
    colindextext colspan controls current describedby description details disabled dropeffect errormessage expanded
    flowto grabbed haspopup hidden invalid keyshortcuts label labelledby level live modal multiline multiselectable
    orientation owns placeholder posinset pressed readonly relevant required roledescription rowcount rowindex
    rowindextext rowspan selected setsize sort valuemax valuemin valuenow valuetext"""
    )
}
"""WAI-ARIA 1.3; others mean nothing to anybody."""
# Without a dot: JSX would read a member of an object.
_DATA = re.compile(r"data-[a-z][a-z0-9_-]{0,60}")
# These are instructions to a script library of the page that the snippet may be pasted into, or hold secrets.
_BANNED_DATA = re.compile(
    r"data-(?:bind$|(?:bind|ng|hx|on|x|v|wp|sly)[-_])|.*(?:csrf|xsrf|token|nonce|secret|password|api-?key)"
)
MAX_DATA = 200
"""Characters of a ``data-*`` value; longer ones are a script's state, not markup."""


def attribute_name(tag: str, name: str, *, in_svg: bool) -> str | None:
    """The name as it is to be written when this element may have this attribute, else None."""
    lower = name.lower()
    if lower in GLOBAL or lower in _ARIA or (_DATA.fullmatch(lower) and not _BANNED_DATA.match(lower)):
        return lower
    if in_svg:
        plain = "href" if lower == "xlink:href" else lower
        return plain if plain in _SVG_LINKS.get(tag, ()) else SVG_ATTRIBUTES.get(lower)
    return lower if lower in HTML_ATTRIBUTES.get(tag, ()) else None
