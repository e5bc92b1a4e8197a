"""Learns to tell three species of iris apart: softmax regression by gradient descent.

Trainyard passes channels and parameters as `--name=value`, so the script reads its data from the directory
`--data_url` and leaves its results in the directory `--train_url`. It needs Python 3.9 and nothing else:

    python3 train.py --data_url=. --train_url=/tmp/iris-model --learning_rate=0.5
"""

import argparse
import csv
import json
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

TRAINING_SHARE = 0.7
EPOCHS_PER_LINE = 10


@dataclass
class Flower:
    """Measures of one flower, and the index of its species."""

    features: list[float]
    species: int


@dataclass
class Gradient:
    """Sums over a number of flowers. Sums, not means, so that workers can add theirs together."""

    weights: list[list[float]]
    loss: float
    correct: int
    count: int


def read_flowers(directory: Path) -> tuple[list[Flower], list[str]]:
    """Reads `iris.csv`. Returns the flowers and the names of the species."""
    with open(directory / "iris.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    species = sorted({row[-1] for row in rows})
    return [Flower([float(value) for value in row[:-1]], species.index(row[-1])) for row in rows], species


def split(flowers: list[Flower], seed: int) -> tuple[list[Flower], list[Flower]]:
    """Splits into training and test flowers: the same share of each species, the same split for the same seed."""
    generator = random.Random(seed)
    training: list[Flower] = []
    test: list[Flower] = []
    for species in sorted({flower.species for flower in flowers}):
        group = [flower for flower in flowers if flower.species == species]
        generator.shuffle(group)
        cut = round(len(group) * TRAINING_SHARE)
        training += group[:cut]
        test += group[cut:]
    generator.shuffle(training)
    return training, test


def standardise(training: list[Flower], test: list[Flower]) -> tuple[list[float], list[float]]:
    """Scales every feature, in place, to mean 0 and deviation 1 on the training flowers. Returns both figures."""
    columns = list(zip(*(flower.features for flower in training)))
    means = [sum(column) / len(column) for column in columns]
    deviations = [
        math.sqrt(sum((value - mean) ** 2 for value in column) / len(column)) or 1.0
        for column, mean in zip(columns, means)
    ]
    for flower in training + test:
        flower.features = [
            (value - mean) / deviation for value, mean, deviation in zip(flower.features, means, deviations)
        ]
    return means, deviations


def probabilities(weights: list[list[float]], features: list[float]) -> list[float]:
    """Probability of each species. The last weight of a species is its bias."""
    scores = [row[-1] + sum(w * x for w, x in zip(row, features)) for row in weights]
    # The largest score is taken off first: exp() of a large number overflows.
    largest = max(scores)
    exponents = [math.exp(score - largest) for score in scores]
    total = sum(exponents)
    return [exponent / total for exponent in exponents]


def gradient_of(weights: list[list[float]], flowers: list[Flower]) -> Gradient:
    """Gradient of the cross-entropy over the flowers."""
    sums = Gradient([[0.0] * len(row) for row in weights], 0.0, 0, len(flowers))
    for flower in flowers:
        chances = probabilities(weights, flower.features)
        sums.loss -= math.log(max(chances[flower.species], 1e-12))
        sums.correct += chances.index(max(chances)) == flower.species
        inputs = [*flower.features, 1.0]
        for species, row in enumerate(sums.weights):
            error = chances[species] - (species == flower.species)
            for index, value in enumerate(inputs):
                row[index] += error * value
    return sums


def train(
    flowers: list[Flower],
    species: int,
    learning_rate: float,
    epochs: int,
    combine: Callable[[Gradient], Gradient] = lambda gradient: gradient,
) -> list[list[float]]:
    """Trains on the flowers. `combine` turns the gradient of this process into that of all of them."""
    weights = [[0.0] * (len(flowers[0].features) + 1) for _ in range(species)]
    for epoch in range(1, epochs + 1):
        gradient = combine(gradient_of(weights, flowers))
        for row, slopes in zip(weights, gradient.weights):
            for index, slope in enumerate(slopes):
                row[index] -= learning_rate * slope / gradient.count
        if epoch % EPOCHS_PER_LINE == 0 or epoch == epochs:
            loss, accuracy = gradient.loss / gradient.count, gradient.correct / gradient.count
            print(f"epoch {epoch} loss={loss:.4f} accuracy={accuracy:.4f}", flush=True)
    return weights


def accuracy_of(weights: list[list[float]], flowers: list[Flower]) -> float:
    """Share of the flowers whose species is the most probable one."""
    return gradient_of(weights, flowers).correct / len(flowers)


def save(directory: Path, model: dict[str, object]) -> None:
    """Writes `model.json`, with all that is needed to use the model later."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "model.json").write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")


def make_parser() -> argparse.ArgumentParser:
    """The parameters of a run."""
    parser = argparse.ArgumentParser(description="Trains a classifier of irises.")
    parser.add_argument("--data_url", type=Path, required=True, help="directory with iris.csv")
    parser.add_argument("--train_url", type=Path, required=True, help="directory for model.json")
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="seed of the split into training and test flowers")
    return parser


def main() -> None:
    # The platform may add arguments of its own: unknown ones are left alone.
    options, _ = make_parser().parse_known_args()
    flowers, species = read_flowers(options.data_url)
    training, test = split(flowers, options.seed)
    means, deviations = standardise(training, test)
    print(f"{len(training)} flowers to train on, {len(test)} to test with", flush=True)

    weights = train(training, len(species), options.learning_rate, options.epochs)

    accuracy = accuracy_of(weights, test)
    save(
        options.train_url,
        {
            "species": species,
            "means": means,
            "deviations": deviations,
            "weights": weights,
            "learning_rate": options.learning_rate,
            "test_accuracy": accuracy,
        },
    )
    print(f"test_accuracy={accuracy:.4f}", flush=True)


if __name__ == "__main__":
    main()
