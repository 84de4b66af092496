"""
The cache of a Swift with one process that takes requests: a dictionary. Swift's authentication insists that there be a cache, and its own
is a memcached, which would have to be started as well. Without any, each request asks for its bucket anew, and takes twice as long.
"""

import json
import time


class Cache:
    """As much of swift.common.memcached.MemcacheRing as these servers call."""

    def __init__(self):
        self._entries = {}

    def get(self, key, **_):
        text, ends = self._entries.get(key, ("null", None))
        return json.loads(text) if ends is None or now() < ends else None

    def set(self, key, value, time=0, **_):
        # As text, as from a cache elsewhere: nobody changes what another one got.
        self._entries[key] = (json.dumps(value), now() + time if time > 0 else None)

    def delete(self, key, **_):
        self._entries.pop(key, None)


# One argument above is called as Swift calls it.
now = time.monotonic


def filter_factory(global_conf, **local_conf):
    cache = Cache()

    def with_cache(app):
        def handle(environ, start_response):
            environ["swift.cache"] = cache
            return app(environ, start_response)

        return handle

    return with_cache
