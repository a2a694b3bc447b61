"""Where a caller may put a secret that does not belong there, and where one might come out."""

HEADERS = (
    "Cookie",
    "Referer",
    "User-Agent",
    "Accept",
    "Prefer",
    "If-None-Match",
    "Range",
    "Origin",
    "X-Request-ID",
    "X-Forwarded-For",
    "Content-Type",
    "traceparent",
    "Authorization",
    "x-cliq-timestamp",
    "x-cliq-signature",
)
"""Fields a secret may be put into."""

PLACES = (
    "/{}",
    "/result/{}",
    "/v1/jobs/{}",
    "/v1/jobs/{}/logs",
    "/v1/jobs/job-1-a/artifacts/{}",
    "/v1/queues/{}",
    "/v1/keys/{}",
    "/preview?jobId={}",
    "/jobs?cursor={}",
    "/v1/jobs?{}=1",
    "/v1/jobs?cursor={}",
    "/v1/events?after={}",
    "/health?{}",
)
"""Addresses it may be a part of: ``{}``."""

BODIES = (
    '{{"url":"https://user:{}@example.com/"}}',
    '{{"url":"https://example.com/","webhook":"https://user:{}@example.com/"}}',
    '{{"url":{{"{}":1}}}}',
    '{{"kind":"{}"}}',
    '{{"{}":"{}"}}',
    '{{"kind":"echo","args":5,"queue":"{}"}}',
    "{}",
    '{{"a":{}',
    "--{}\r\n",
    '"{}"',
    '{{"owner":"{} ","scopes":["{}"]}}',
)
"""Bodies it may be in; none of them makes a job."""

LOOKED_AT = (
    "/health",
    "/livez",
    "/readyz",
    "/openapi.json",
    "/metrics",
    "/-/config",
    "/-/tasks",
    "/-/versions",
    "/jobs",
    "/v1/jobs",
    "/v1/jobs?fields=args,result,attempts",
    "/v1/kinds",
    "/v1/queues",
    "/v1/queues/default",
    "/v1/stats",
    "/v1/keys",
    "/",
)
"""What anybody may look at who manages."""


NO_HTTP = (
    b"GET /%b\r\n\r\n",
    b"%b / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/%b\r\n\r\n",
    b"\0%b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nCookie: %b\x01\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nx-cliq-signature: %b\x00\r\n\r\n",
    b"GET http://%b/ HTTP/1.1\r\nHost: %b\r\n\r\n",
    b"POST /analyze HTTP/1.1\r\nHost: x\r\nContent-Length: %b\r\n\r\n",
    b"POST /analyze HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%b\r\n",
)
"""What is no request; ``%b`` stands for the secret."""
