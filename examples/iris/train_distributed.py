"""The training of `train.py` on several nodes: every worker has its share of the rows, all have the same weights.

One worker per node. In each step the workers send their gradients to worker 0 over TCP, it adds them up and sends
the sum back, so the result is that of one process with all the rows. Who is who comes from the environment that
Trainyard sets (`VC_TASK_INDEX`, `MA_NUM_HOSTS`, `VC_WORKER_HOSTS`, `TRAINYARD_MASTER_PORT`), or from the arguments
that PyTorch engines add (`--init_method=tcp://host:port --rank --world_size`).
"""

import argparse
import json
import os
import socket
import time
from dataclasses import asdict, dataclass, field
from typing import Optional

import train
from train import Gradient

CONNECT_SECONDS = 60.0
"""How long a worker waits for another to come up."""
STEP_SECONDS = 120.0
"""How long a worker waits for another within a step: one that is gone must not hang the job."""
MOST_MESSAGE_BYTES = 1 << 20


@dataclass
class Peer:
    """The connection to another worker. A message is one line of JSON."""

    connection: socket.socket
    buffer: bytearray = field(default_factory=bytearray)

    def send(self, message: dict) -> None:
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> dict:
        while b"\n" not in self.buffer:
            received = self.connection.recv(65536)
            if not received:
                raise ConnectionError("the other worker has closed the connection")
            self.buffer += received
            if len(self.buffer) > MOST_MESSAGE_BYTES:
                raise ConnectionError("the other worker sent too long a message")
        line, _, rest = bytes(self.buffer).partition(b"\n")
        self.buffer = bytearray(rest)
        return json.loads(line)


class Workers:
    """All workers of the job, as one of them sees them. A context manager: leaving it closes the connections."""

    def __init__(self, rank: int, size: int, host: str, port: int) -> None:
        self.rank = rank
        self.size = size
        self._host = host
        self._port = port
        self._peers: list[Peer] = []

    def __enter__(self) -> "Workers":
        if self.size > 1:
            self._peers = self._accept_all() if self.rank == 0 else [self._connect()]
        return self

    def __exit__(self, *_: object) -> None:
        for peer in self._peers:
            peer.connection.close()

    def sum(self, own: Gradient) -> Gradient:
        """Adds up the gradients of all workers. Every worker calls it once per step and gets the same sum."""
        if self.size == 1:
            return own
        if self.rank > 0:
            self._peers[0].send(asdict(own))
            return Gradient(**self._peers[0].receive())
        total = own
        # In the order of the ranks: floating-point sums depend on the order, and runs shall be repeatable.
        for peer in self._peers:
            total = add(total, Gradient(**peer.receive()))
        for peer in self._peers:
            peer.send(asdict(total))
        return total

    def _accept_all(self) -> list[Peer]:
        """Waits until every other worker has connected. Returns them in the order of their ranks."""
        deadline = time.monotonic() + CONNECT_SECONDS
        peers: dict[int, Peer] = {}
        with socket.create_server((self._host, self._port), backlog=self.size) as listener:
            while len(peers) < self.size - 1:
                # At least a moment: a timeout of 0 would mean "do not wait", and fail with another error.
                listener.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    connection, _ = listener.accept()
                except socket.timeout:
                    missing = sorted(set(range(1, self.size)) - peers.keys())
                    raise TimeoutError(f"workers {missing} did not connect within {CONNECT_SECONDS:.0f} s") from None
                connection.settimeout(STEP_SECONDS)
                peer = Peer(connection)
                rank = peer.receive().get("rank")
                if rank not in range(1, self.size) or rank in peers:
                    raise ConnectionError(f"a worker connected as rank {rank} of {self.size}")
                peers[rank] = peer
        return [peers[rank] for rank in sorted(peers)]

    def _connect(self) -> Peer:
        """Connects to worker 0, which may start later than this one."""
        deadline = time.monotonic() + CONNECT_SECONDS
        pause = 0.05
        while True:
            try:
                connection = open_connection(self._host, self._port)
                break
            except OSError as error:
                if time.monotonic() + pause > deadline:
                    raise TimeoutError(f"worker 0 is not at {self._host}:{self._port}: {error}") from error
                time.sleep(pause)
                pause = min(pause * 2, 2.0)
        peer = Peer(connection)
        peer.send({"rank": self.rank})
        return peer


def open_connection(host: str, port: int) -> socket.socket:
    """Connects once."""
    connection = socket.create_connection((host, port), timeout=STEP_SECONDS)
    # On one machine, with nobody listening yet, the kernel may pick the same port for this end: a call to oneself.
    if connection.getsockname() == connection.getpeername():
        connection.close()
        raise ConnectionRefusedError("nobody listens there yet")
    return connection


def add(left: Gradient, right: Gradient) -> Gradient:
    """The gradient over the rows of both."""
    return Gradient(
        [[a + b for a, b in zip(rows, others)] for rows, others in zip(left.weights, right.weights)],
        left.loss + right.loss,
        left.correct + right.correct,
        left.count + right.count,
    )


def find_master(init_method: Optional[str]) -> tuple[str, int]:
    """Host and port of worker 0."""
    if init_method:
        host, _, port = init_method.partition("://")[2].rpartition(":")
        return host, int(port)
    host = os.environ.get("VC_WORKER_HOSTS", "127.0.0.1").split(",")[0]
    return host, int(os.environ.get("TRAINYARD_MASTER_PORT", "6666"))


def make_parser() -> argparse.ArgumentParser:
    """The parameters of `train.py`, and who this worker is."""
    parser = train.make_parser()
    parser.add_argument("--init_method", help="tcp://host:port of worker 0")
    parser.add_argument("--rank", type=int, default=int(os.environ.get("VC_TASK_INDEX", "0")))
    parser.add_argument("--world_size", type=int, default=int(os.environ.get("MA_NUM_HOSTS", "1")))
    return parser


def main() -> None:
    options, _ = make_parser().parse_known_args()
    flowers, species = train.read_flowers(options.data_url)
    training, test = train.split(flowers, options.seed)
    means, deviations = train.standardise(training, test)
    shard = training[options.rank :: options.world_size]
    print(f"worker {options.rank} of {options.world_size}: {len(shard)} of {len(training)} flowers", flush=True)

    host, port = find_master(options.init_method)
    with Workers(options.rank, options.world_size, host, port) as workers:
        weights = train.train(shard, len(species), options.learning_rate, options.epochs, workers.sum)

    # All workers share one output place and hold the same model: one of them saves it.
    accuracy = train.accuracy_of(weights, test)
    if options.rank == 0:
        train.save(
            options.train_url,
            {
                "species": species,
                "means": means,
                "deviations": deviations,
                "weights": weights,
                "learning_rate": options.learning_rate,
                "workers": options.world_size,
                "test_accuracy": accuracy,
            },
        )
    print(f"test_accuracy={accuracy:.4f}", flush=True)


if __name__ == "__main__":
    main()
