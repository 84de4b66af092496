"""Reads published archives with Python's zipfile, without any code of the program.

read_zips.py list BASE   prints what is in them, a JSON object a line
read_zips.py watch BASE  reads one after the other until it is stopped, and prints what must not be
"""

import hashlib
import json
import os
import random
import struct
import sys
import time
import zipfile

OWN = ("inbox", ".wharfinger")


def archives(base):
    for directory, names, files in os.walk(base):
        if directory == base:
            names[:] = [name for name in names if name not in OWN]
        for name in files:
            if name.lower().endswith(".zip"):
                yield os.path.join(directory, name)


def mtime_of(info):
    """Seconds since 1970, of Info-ZIP's extra field; None where there is none."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and size >= 5 and extra[4] & 1:
            return struct.unpack("<i", extra[5:9])[0]
        extra = extra[4 + size :]
    return None


def sha256_of(archive, info):
    digest = hashlib.sha256()
    with archive.open(info) as member:
        while chunk := member.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def contents_of(path, base):
    with zipfile.ZipFile(path) as archive:
        return {
            "file": os.path.relpath(path, base),
            "comment": archive.comment.decode(),
            "members": [
                {
                    "name": info.filename,
                    "sha256": sha256_of(archive, info),
                    "sizeBytes": info.file_size,
                    "mode": info.external_attr >> 16 & 0o7777,
                    "mtimeSeconds": mtime_of(info),
                }
                for info in archive.infolist()
            ],
        }


def list_all(base):
    for path in archives(base):
        try:
            print(json.dumps(contents_of(path, base)))
        except Exception as error:
            say(path, repr(error))


def watch(base):
    known = {}
    while True:
        newest = sorted(archives(base), key=lambda path: -os.stat(path).st_mtime)
        for path in newest[:2] + random.sample(newest, min(1, len(newest))):
            try:
                with zipfile.ZipFile(path) as archive:
                    broken = archive.testzip()
                    if broken is not None:
                        say(path, f"the bytes of {broken!r} are not what they were")
                    members = {info.filename: info.CRC for info in archive.infolist()}
            except Exception as error:
                say(path, repr(error))
                continue
            gone = [name for name, crc in known.get(path, {}).items() if members.get(name) != crc]
            if gone:
                say(path, f"{len(gone)} members are gone, or others by now; the first is {gone[0]!r}")
            known[path] = members
            print(json.dumps({"read": len(members)}), flush=True)
        glance(newest[:3])


def glance(paths):
    """Only at their directories, as often as it goes: for a moment in which there is none."""
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        for path in paths:
            try:
                zipfile.ZipFile(path).close()
            except Exception as error:
                say(path, repr(error))
        time.sleep(0.002)


def say(path, fault):
    print(json.dumps({"fault": f"{path}: {fault}"}), flush=True)


{"list": list_all, "watch": watch}[sys.argv[1]](sys.argv[2])
