"""
One node of OpenStack Swift with its S3 interface, on the loopback, in the foreground, for tests.

    swift-server.py --dir DIR --parent PID --access ACCOUNT:USER [--region REGION] <SECRET
    swift-server.py --dir DIR --check

Everything it writes is below DIR, which needs extended attributes of users. When it serves, it prints one line of JSON with `url` and
the `pids` of its processes. It ends on SIGTERM, and with the process PID that started it, and its servers end with it, even one
that is stopped. With --check it starts nothing and prints why it could not, or nothing.
"""

import argparse
import ctypes
import http.client
import importlib.util
import json
import os
import pwd
import signal
import socket
import sys
import warnings

KINDS = ("account", "container", "object", "proxy")
PR_SET_PDEATHSIG = 1
START_SECONDS = 60
# A slash, the id of the upload, a slash, and the number of the part.
LONGEST_PART = 1 + 48 + 1 + 5
ENDINGS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}

# In the order in which a request meets them: the S3 interface stands before the authentication that checks its signatures.
FILTERS = ("catch_errors", "gatekeeper", "healthcheck", "cache", "listing_formats", "bulk", "s3api", "tempauth", "slo", "dlo")


def main():
    options = parse_arguments()
    if options.check:
        return print(why_not(options.dir) or "", end="")
    end_with_parent(options.parent)
    # Not an argument: a test may look for its secret in all command lines there are.
    options.secret = sys.stdin.readline().strip()
    # Nothing is written beside the sources.
    sys.dont_write_bytecode = True
    # Warnings of Debian's Python packages about each other are nothing that a test could heed.
    warnings.simplefilter("ignore")
    # Taken once for all: a signal that comes before somebody waits for it is kept.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)

    # The servers inherit sockets that listen already: no other process can take a port between its choice and its use.
    listeners = {kind: socket.create_server(("127.0.0.1", 0), backlog=1024) for kind in KINDS}
    ports = {kind: listener.getsockname()[1] for kind, listener in listeners.items()}
    write_configuration(options, ports)
    write_rings(options.dir, ports)
    pids = {kind: start(kind, options.dir, listeners) for kind in KINDS}
    for listener in listeners.values():
        listener.close()

    unready = next((kind for kind in KINDS if not answers(ports[kind])), None)
    ended = None
    if unready is None:
        print(json.dumps({"url": f"http://127.0.0.1:{ports['proxy']}", "pids": pids}), flush=True)
        ended = wait_for_ending(pids)
    end(pids)
    if unready is None and ended is None:
        return 0
    for kind in KINDS:
        print(f"-- {kind}\n{read_end(log_path(options.dir, kind))}", file=sys.stderr)
    return f"the {ended} server ended" if unready is None else f"the {unready} server does not answer"


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True, type=os.path.abspath)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--parent", type=int)
    parser.add_argument("--access", default="test:admin")
    parser.add_argument("--region", default="us-east-1")
    return parser.parse_args()


def why_not(directory):
    """Why there can be no server here, in words that end a sentence."""
    if importlib.util.find_spec("swift") is None:
        return "python3-swift is not installed"
    try:
        os.setxattr(directory, "user.swift.metadata", b"")
        os.removexattr(directory, "user.swift.metadata")
    except OSError as error:
        return f"{directory} cannot have extended attributes of users ({error.strerror})"
    return None


def end_with_parent(parent):
    # SIGKILL, as a process that is stopped does not hear any other signal.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        sys.exit("the process that started this has ended")


def write_configuration(options, ports):
    etc = os.path.join(options.dir, "etc")
    for name in ("etc", "log", "recon", "devices/disk"):
        os.makedirs(os.path.join(options.dir, name))
    write(f"{etc}/swift.conf", [
        ("swift-hash", {"swift_hash_path_prefix": "test", "swift_hash_path_suffix": "test"}),
        ("storage-policy:0", {"name": "only", "default": "yes"}),
        # As much as S3 allows: what is too long is an internal error here, and the parts of an upload have names longer than its key.
        ("swift-constraints", {"max_meta_value_length": 2048, "max_object_name_length": 1024 + LONGEST_PART}),
    ])
    for kind in KINDS:
        common = {
            "bind_ip": "127.0.0.1",
            "bind_port": ports[kind],
            "swift_dir": etc,
            "user": pwd.getpwuid(os.getuid()).pw_name,
            # None beside the process itself: one to stop and one to kill.
            "workers": 0,
            "log_level": "WARNING",
        }
        if kind == "proxy":
            write(f"{etc}/proxy-server.conf", [("DEFAULT", common), *proxy_sections(options)])
            continue
        write(f"{etc}/{kind}-server.conf", [
            ("DEFAULT", {
                **common,
                "devices": os.path.join(options.dir, "devices"),
                "mount_check": "false",
                "recon_cache_path": os.path.join(options.dir, "recon"),
                "fallocate_reserve": 0,
            }),
            ("pipeline:main", {"pipeline": f"{kind}-server"}),
            (f"app:{kind}-server", {"use": f"egg:swift#{kind}"}),
        ])


def proxy_sections(options):
    settings = {
        "s3api": {"location": options.region, "max_upload_part_num": 10_000},
        "slo": {"max_manifest_segments": 10_000},
        "tempauth": {f"user_{options.access.replace(':', '_')}": f"{options.secret} .admin"},
    }
    yield "pipeline:main", {"pipeline": " ".join((*FILTERS, "proxy-server"))}
    yield "app:proxy-server", {"use": "egg:swift#proxy", "account_autocreate": "true"}
    for name in FILTERS:
        # Ours stands beside this file, from where Python looks first.
        use = {"paste.filter_factory": "swift_cache:filter_factory"} if name == "cache" else {"use": f"egg:swift#{name}"}
        yield f"filter:{name}", {**use, **settings.get(name, {})}


def write(path, sections):
    with open(path, "w") as file:
        for name, settings in sections:
            file.write(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()) + "\n")


def write_rings(directory, ports):
    """Says which server keeps what: each the whole of it, on the one disk."""
    from swift.common import storage_policy, utils

    etc = os.path.join(directory, "etc")
    utils.set_swift_dir(etc)
    storage_policy.reload_storage_policies()

    from swift.common.ring import RingBuilder

    for kind in KINDS[:3]:
        port = ports[kind]
        builder = RingBuilder(part_power=3, replicas=1, min_part_hours=0)
        builder.add_dev({
            "id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": "disk", "meta": "",
            "ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port,
        })
        builder.rebalance(seed=1)
        builder.get_ring().save(f"{etc}/{kind}.ring.gz")


def start(kind, directory, listeners):
    """Starts a server as a process of its own. It takes its time to serve; what connects before waits."""
    parent = os.getpid()
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        end_with_parent(parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        log = os.open(log_path(directory, kind), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        for other, listener in listeners.items():
            if other != kind:
                listener.close()
        serve(kind, directory, listeners[kind].detach())
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(1)


def serve(kind, directory, descriptor):
    from eventlet.green import socket as green_socket
    from swift.common import wsgi

    wsgi.get_socket = lambda conf: green_socket.socket(fileno=descriptor)
    more = {}
    if kind == "object":
        from swift.obj import server

        more["global_conf_callback"] = server.global_conf_callback
    wsgi.run_wsgi(os.path.join(directory, "etc", f"{kind}-server.conf"), f"{kind}-server", verbose=True, **more)


def answers(port):
    """Whether the server there answers at all; which answer it gives to this does not matter."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", "/healthcheck")
        connection.getresponse().read()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_for_ending(pids):
    """Waits until this is told to end, or a server ended, of which it returns the kind."""
    while signal.sigwait(ENDINGS) == signal.SIGCHLD:
        # Libraries have children of their own for a moment; theirs do not count.
        for kind, pid in pids.items():
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return kind
    return None


def end(pids):
    """Returns when none of the servers is left."""
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    for pid in pids.values():
        os.waitpid(pid, 0)


def log_path(directory, kind):
    return os.path.join(directory, "log", f"{kind}.log")


def read_end(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()[-2000:]
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
