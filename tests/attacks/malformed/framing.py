"""Where a body ends: chunks, codings and lengths."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attacks.malformed.case import CHUNKED, IN_CHUNKS, JOB, LENGTH, Case, post


def chunks() -> Iterator[Case]:
    size = b"%x" % len(JOB)
    bad = {
        "0x before the size": b"0x" + size,
        "plus before the size": b"+" + size,
        "minus before the size": b"-" + size,
        "space before the size": b" " + size,
        "tab before the size": b"\t" + size,
        "space after the size": size + b" ",
        "tab after the size": size + b"\t",
        "underscore in the size": b"0_" + size,
        "no size": b"",
        "size of words": b"zz",
        "a size of 2**64": b"10000000000000000",
        "a size beyond 2**64": b"F" * 17,
        "a size of 200 digits": b"1" * 200,
        "size and NUL": size + b"\0",
        "size and vertical tab": size + b"\x0b",
        "size with a fraction": size + b".0",
        "wide digits": "\uff12\uff18".encode(),
        "extension with NUL": size + b";a=\0",
        "extension with bare LF": size + b";a\n",
        "extension with bare CR": size + b";a\rb",
    }
    for name, line in bad.items():
        yield Case(f"chunk: {name}", post(CHUNKED, body=b"%b\r\n%b\r\n0\r\n\r\n" % (line, JOB)))
    yield Case("chunk: size ends with LF", post(CHUNKED, body=b"%b\n%b\r\n0\r\n\r\n" % (size, JOB)))
    yield Case("chunk: size ends with CR", post(CHUNKED, body=b"%b\r%b\r\n0\r\n\r\n" % (size, JOB)))
    yield Case("chunk: data ends with LF", post(CHUNKED, body=b"%b\r\n%b\n0\r\n\r\n" % (size, JOB)))
    yield Case("chunk: data ends with nothing", post(CHUNKED, body=b"%b\r\n%b0\r\n\r\n" % (size, JOB)))
    yield Case("chunk: data longer than its size", post(CHUNKED, body=b"5\r\n%b\r\n0\r\n\r\n" % JOB))
    yield Case("chunk: data and two spare bytes", post(CHUNKED, body=b"%b\r\n%bXX\r\n0\r\n\r\n" % (size, JOB)))
    yield Case("chunk: the last ends with LF", post(CHUNKED, body=b"%b\r\n%b\r\n0\n\n" % (size, JOB)))
    yield Case("chunk: the last without the end", post(CHUNKED, body=b"%b\r\n%b\r\n0\r\nX" % (size, JOB)))
    yield Case("trailer: no name", post(CHUNKED, body=b"%b\r\n%b\r\n0\r\n: x\r\n\r\n" % (size, JOB)))
    yield Case("trailer: a space in the name", post(CHUNKED, body=b"%b\r\n%b\r\n0\r\nA B: x\r\n\r\n" % (size, JOB)))
    yield Case("trailer: bare LF", post(CHUNKED, body=b"%b\r\n%b\r\n0\r\nA: x\n\r\n" % (size, JOB)))
    yield Case("trailer: a length", post(CHUNKED, body=b"%b\r\n%b\r\n0\r\nContent-Length: 3\r\n\r\n" % (size, JOB)))
    good = {
        "leading zeros": b"%b\r\n%b\r\n0\r\n\r\n" % (b"000" + size, JOB),
        "capital digits": b"%b\r\n%b\r\n0\r\n\r\n" % (size.upper(), JOB),
        "an extension": b"%b;name=value\r\n%b\r\n0\r\n\r\n" % (size, JOB),
        "an extension of 70,000 bytes": b"%b;%b\r\n%b\r\n0\r\n\r\n" % (size, b"x" * 70_000, JOB),
        "a quoted extension": b'%b;name="va lue"\r\n%b\r\n0\r\n\r\n' % (size, JOB),
        "one byte a chunk": b"".join(b"1\r\n%c\r\n" % byte for byte in JOB) + b"0\r\n\r\n",
        "several zeros at the end": b"%b\r\n%b\r\n000\r\n\r\n" % (size, JOB),
        "a trailer": b"%b\r\n%b\r\n0\r\nX-After: x\r\n\r\n" % (size, JOB),
    }
    for name, body in good.items():
        yield Case(f"chunk: {name}", post(CHUNKED, body=body), (202,), certain=True)


def encodings() -> Iterator[Case]:
    for name, line in {
        "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n",
        "two headers of it": CHUNKED + CHUNKED,
        "chunked, then identity": b"Transfer-Encoding: chunked, identity\r\n",
        "identity": b"Transfer-Encoding: identity\r\n",
        "identity, then chunked": b"Transfer-Encoding: identity, chunked\r\n",
        "gzip alone": b"Transfer-Encoding: gzip\r\n",
        "xchunked": b"Transfer-Encoding: xchunked\r\n",
        "chunkedx": b"Transfer-Encoding: chunkedx\r\n",
        "chunked in quotes": b'Transfer-Encoding: "chunked"\r\n',
        "chunked with a parameter": b"Transfer-Encoding: chunked;q=1\r\n",
        "empty": b"Transfer-Encoding:\r\n",
        "a comma alone": b"Transfer-Encoding: ,\r\n",
        "a space before the colon": b"Transfer-Encoding : chunked\r\n",
        "a tab before the colon": b"Transfer-Encoding\t: chunked\r\n",
        "vertical tab before the value": b"Transfer-Encoding:\x0bchunked\r\n",
        "form feed after the value": b"Transfer-Encoding: chunked\x0c\r\n",
        "NUL in the value": b"Transfer-Encoding: chun\0ked\r\n",
        "folded": b"Transfer-Encoding:\r\n chunked\r\n",
        "folded name": b"Transfer\r\n -Encoding: chunked\r\n",
        "bare CR after the value": b"Transfer-Encoding: chunked\r",
        "after a bare LF": b"X: y\nTransfer-Encoding: chunked\r\n",
        "after a bare CR": b"X: y\rTransfer-Encoding: chunked\r\n",
        "and a length": CHUNKED + LENGTH,
        "a length and it": LENGTH + CHUNKED,
        "and a length of 0": CHUNKED + b"Content-Length: 0\r\n",
        "chunked and another that is not": CHUNKED + b"Transfer-Encoding: identity\r\n",
        "a long s": "Tran\u017ffer-Encoding: chunked\r\n".encode(),
    }.items():
        yield Case(f"transfer-encoding: {name}", post(line, body=IN_CHUNKS))
    yield Case("transfer-encoding: of HTTP/1.0", post(CHUNKED, body=IN_CHUNKS, version=b"HTTP/1.0"))
    for name, line in {
        "capitals": b"TRANSFER-ENCODING: CHUNKED\r\n",
        "a tab before the value": b"Transfer-Encoding:\tchunked\r\n",
        "a space after the value": b"Transfer-Encoding: chunked \r\n",
        "no space at all": b"Transfer-Encoding:chunked\r\n",
    }.items():
        yield Case(f"transfer-encoding: {name}", post(line, body=IN_CHUNKS), (202,), certain=True)
    underscore = post(b"Transfer_Encoding: chunked\r\n", LENGTH, body=JOB)
    yield Case("transfer-encoding: with an underscore it is another header", underscore, (202,), certain=True)


def lengths() -> Iterator[Case]:
    right = len(JOB)
    for name, value in {
        "negative": b"-%d" % right,
        "with a plus": b"+%d" % right,
        "hexadecimal": b"0x%x" % right,
        "with a fraction": b"%d.0" % right,
        "an exponent": b"4e1",
        "with an underscore": b"4_0",
        "in wide digits": "\uff14\uff10".encode(),
        "words": b"forty",
        "empty": b"",
        "twice in one": b"%d, %d" % (right, right),
        "two that differ": b"%d, 0" % right,
        "two numbers": b"4 0",
        "a list with a hole": b"%d," % right,
        "2**64": b"18446744073709551616",
        "of 200 digits": b"9" * 200,
        "with a semicolon": b"%d;" % right,
        "with NUL": b"%d\0" % right,
        "in quotes": b'"%d"' % right,
        "after vertical tab": b"\x0b%d" % right,
    }.items():
        yield Case(f"content-length: {name}", post(b"Content-Length: %b\r\n" % value, body=JOB))
    yield Case("content-length: twice", post(LENGTH, LENGTH, body=JOB))
    yield Case("content-length: twice and different", post(LENGTH, b"Content-Length: 0\r\n", body=JOB))
    yield Case("content-length: 0 and then right", post(b"Content-Length: 0\r\n", LENGTH, body=JOB))
    yield Case("content-length: a space before the colon", post(b"Content-Length : %d\r\n" % right, body=JOB))
    yield Case("content-length: folded", post(b"Content-Length:\r\n %d\r\n" % right, body=JOB))
    yield Case("content-length: after a bare LF", post(b"X: y\nContent-Length: %d\r\n" % right, body=JOB))
    yield Case("content-length: huge", post(b"Content-Length: 18446744073709551615\r\n", body=JOB), (400, 413))
    yield Case("content-length: too large", post(b"Content-Length: 300001\r\n", body=JOB), (413,))
    yield Case(
        "content-length: leading zeros", post(b"Content-Length: 000%d\r\n" % right, body=JOB), (202,), certain=True
    )
    yield Case(
        "content-length: a tab before it", post(b"Content-Length:\t%d\r\n" % right, body=JOB), (202,), certain=True
    )
    yield Case(
        "content-length: a tab after it", post(b"Content-Length: %d\t\r\n" % right, body=JOB), (202,), certain=True
    )
    yield Case("content-length: 0 of a submit", post(b"Content-Length: 0\r\n"), certain=True)
    yield Case("content-length: none of a submit", post(), certain=True)
