"""Chunks and whole messages the straightforward way, as programs around agora-realtime-ai-api do it.

Usage: messages.py json|base64 SECONDS FILE
Prints MB a second, there and back, the median of the messages.
"""

import base64
import json
import sys
import time


def cut_json(text, msg_id):
    total = max(1, (len(text) + 299) // 300)
    for part in range(total):
        content = text[part * 300 : (part + 1) * 300]
        chunk = {"msg_id": msg_id, "part_idx": part, "total_parts": total, "content": content}
        yield json.dumps(chunk, ensure_ascii=False).encode()


def take_json(senders, user, packet):
    chunk = json.loads(packet)
    key, total = (user, chunk["msg_id"]), chunk["total_parts"]
    parts = senders.setdefault(key, {})
    parts[chunk["part_idx"]] = chunk["content"]
    if len(parts) == total:
        del senders[key]
        return "".join(parts[part] for part in range(total))


def cut_base64(text, msg_id):
    encoded = base64.b64encode(text.encode()).decode()
    total = max(1, (len(encoded) + 923) // 924)
    for part in range(total):
        yield f"{msg_id}|{part + 1}|{total}|{encoded[part * 924 : (part + 1) * 924]}".encode()


def take_base64(senders, user, packet):
    msg_id, part, total, content = packet.decode().split("|")
    key, total = (user, msg_id), int(total)
    parts = senders.setdefault(key, {})
    parts[int(part)] = content
    if len(parts) == total:
        del senders[key]
        return base64.b64decode("".join(parts[part] for part in range(1, total + 1))).decode()


def main():
    cut, take = {"json": (cut_json, take_json), "base64": (cut_base64, take_base64)}[sys.argv[1]]
    with open(sys.argv[3], encoding="utf-8") as file:
        text = file.read()
    size, speeds, end = len(text.encode()), [], time.perf_counter() + float(sys.argv[2])
    while time.perf_counter() < end:
        start, senders, whole = time.perf_counter(), {}, None
        for packet in cut(text, "message"):
            whole = take(senders, "ada", packet)
        speeds.append(size / (time.perf_counter() - start) / 1e6)
        assert whole == text
    print(sorted(speeds)[len(speeds) // 2])


main()
