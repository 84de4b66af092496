"""One of several processes that write small files into zip archives of their own with Python's zipfile: told by a JSON order, one archive open for each name."""

import json
import os
import sys
import zipfile

STRIDE = 769


def content_of(pool, batch, n, size):
    head = b"%s %08d\n" % (batch.encode(), n)
    starts_at = (n * STRIDE) % (len(pool) - size)
    return head + pool[starts_at : starts_at + size - len(head)]


def main():
    order = json.loads(sys.argv[1])
    with open(order["pool"], "rb") as file:
        pool = file.read()
    process, processes = order["process"], order["processes"]
    archives = [
        zipfile.ZipFile(
            os.path.join(order["directory"], f"{chr(ord('a') + archive)}-of-worker-{process}.zip"),
            "w",
            zipfile.ZIP_DEFLATED,
        )
        for archive in range(order["archives"])
    ]
    for n in range(process, order["files"], processes):
        archive = archives[n // processes % order["archives"]]
        name = f"{order['batch']}/worker-{process}/{n:07d}.log"
        archive.writestr(name, content_of(pool, order["batch"], n, order["sizeBytes"]))
    for archive in archives:
        archive.close()


main()
