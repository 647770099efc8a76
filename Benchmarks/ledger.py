#!/usr/bin/env python3
"""The ledger at several sizes: appending, proofs, verification, memory.

    ledger.py LEDGER-BENCHMARK FOLDER [SIZE ...]

Each figure is of a process of its own, so that memory is its own. Appends one by one stand beside the rate at
which the same disk flushes one page.
"""
import json
import os
import shutil
import subprocess
import sys


def run(program, *arguments):
    output = subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.PIPE)
    return json.loads(output.stdout)


def main():
    program, folder = sys.argv[1:3]
    sizes = [int(text) for text in sys.argv[3:]] or [10_000, 100_000, 1_000_000]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    log = os.path.join(folder, "batches")
    print("| leaves | append in batches of 1,000 | one by one (flushes of the disk) | proof, mean and worst | the same, opening the ledger, worst | verify, leaves/s/core | leaves/s | memory: append, verify |")
    print("|---|---|---|---|---|---|---|---|")
    for size in sizes:
        fill = run(program, "fill", log, size, 1000)
        verify = run(program, "verify", log)
        prove = run(program, "prove", log, 1000)
        # On a copy, so that the next size goes on from heads of batches alone.
        copy = os.path.join(folder, "single")
        shutil.copytree(log, copy)
        single = run(program, "single", copy, 800)
        shutil.rmtree(copy)
        print(
            f"| {verify['leaves']:,.0f} | {fill['leaves'] / fill['seconds']:,.0f}/s"
            f" | {single['leaves'] / single['seconds']:,.0f}/s ({single['flushes'] / single['flush_seconds']:,.0f}/s)"
            f" | {prove['mean'] * 1000:.3f}, {prove['worst'] * 1000:.3f} ms"
            f" | {prove['worst_opening'] * 1000:.2f} ms"
            f" | {verify['leaves'] / verify['core_seconds']:,.0f} | {verify['leaves'] / verify['seconds']:,.0f}"
            f" | {fill['kilobytes'] / 1024:.0f}, {verify['kilobytes'] / 1024:.0f} MB |", flush=True)
    # A head for every leaf: what checking a signature adds.
    log = os.path.join(folder, "heads")
    run(program, "single", log, 10_000)
    verify = run(program, "verify", log)
    print(
        f"\nA head for each of {verify['heads']:,.0f} leaves: verified in {verify['seconds']:.2f} s,"
        f" {verify['core_seconds'] / verify['heads'] * 1e6:.0f} µs of a core for each.")


main()
