"""A forward proxy for one page: the only way out of a browser that loads what strangers wrote."""

from jobserver.egress.proxy.meter import ProxyLimits
from jobserver.egress.proxy.proxy import FilteringProxy

__all__ = ["FilteringProxy", "ProxyLimits"]
