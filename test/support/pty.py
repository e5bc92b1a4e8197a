"""Runs a program in a pseudo-terminal: Node alone cannot open one.

argv: columns, rows, then the program and its arguments. On stdin come lines of JSON: {"send": text},
{"resize": [columns, rows]} or {"signal": number}. On stdout go lines of JSON: {"output": base64}, and
{"exit": code} at the end.
"""
import base64
import fcntl
import json
import os
import select
import signal
import struct
import sys
import termios


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def obey(line, fd, pid):
    order = json.loads(line)
    if "send" in order:
        os.write(fd, order["send"].encode())
    if "resize" in order:
        resize(fd, *order["resize"])
    if "signal" in order:
        os.kill(pid, order["signal"])


def main():
    columns, rows, *program = sys.argv[1:]
    # The size is there before the program starts.
    fd, other = os.openpty()
    resize(fd, int(columns), int(rows))
    pid = os.fork()
    if pid == 0:
        os.close(fd)
        login(other)
        os.execvp(program[0], program)
    os.close(other)
    waiting = b""
    watched = [fd, 0]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                # Nobody is left who asks.
                os.kill(pid, signal.SIGKILL)
                watched.remove(0)
            waiting += data
            *lines, waiting = waiting.split(b"\n")
            for line in lines:
                obey(line, fd, pid)
        if fd in ready:
            try:
                data = os.read(fd, 65536)
            except OSError:
                # Linux tells the end of the program's side this way.
                data = b""
            if not data:
                break
            say({"output": base64.b64encode(data).decode()})
    _, status = os.waitpid(pid, 0)
    say({"exit": os.waitstatus_to_exitcode(status)})


def login(fd):
    os.setsid()
    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
    for target in (0, 1, 2):
        os.dup2(fd, target)
    if fd > 2:
        os.close(fd)


main()
