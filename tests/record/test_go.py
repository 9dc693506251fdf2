"""Go's reference implementation (golang.org/x/mod, as Debian packages it) judges our notes and proofs."""

import json
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from random import Random
from typing import Any

import pytest

from csirt.record.checkpoint import SigningKey, sign, verifier_line
from csirt.record.tiles import tiles
from csirt.record.tree import Tree, leaf_hash, root_from
from csirt.record.verify_record import Checkpoint

GOPATH = Path("/usr/share/gocode")
PROGRAM = """
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type Case struct {
	Kind, Key, Note, Root, OldRoot, Leaf string
	Index, Size, Old                     int64
	Proof                                []string
	Tiles                                map[string]string
}

// Reads tiles as a client of a log does: each is checked against the root before it is used.
type reader map[string]string

func (r reader) Height() int { return 8 }

func (r reader) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, t := range tiles {
		path := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
		text, ok := r[path]
		if !ok {
			return nil, fmt.Errorf("no tile %s", path)
		}
		content, _ := base64.StdEncoding.DecodeString(text)
		data = append(data, content)
	}
	return
}

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func hash(text string) (h tlog.Hash) {
	data, _ := base64.StdEncoding.DecodeString(text)
	copy(h[:], data)
	return
}

func hashes(texts []string) (list []tlog.Hash) {
	for _, text := range texts {
		list = append(list, hash(text))
	}
	return
}

func check(c Case) error {
	switch c.Kind {
	case "inclusion":
		return tlog.CheckRecord(hashes(c.Proof), c.Size, hash(c.Root), c.Index, hash(c.Leaf))
	case "tile":
		tree := tlog.Tree{N: c.Size, Hash: hash(c.Root)}
		found, err := tlog.TileHashReader(tree, reader(c.Tiles)).ReadHashes([]int64{tlog.StoredHashIndex(0, c.Index)})
		if err != nil {
			return err
		}
		if found[0] != hash(c.Leaf) {
			return fmt.Errorf("another leaf")
		}
		return nil
	case "consistency":
		return tlog.CheckTree(hashes(c.Proof), c.Size, hash(c.Root), c.Old, hash(c.OldRoot))
	}
	verifier, err := note.NewVerifier(c.Key)
	if err != nil {
		return err
	}
	_, err = note.Open([]byte(c.Note), note.VerifierList(verifier))
	return err
}

func main() {
	var cases []Case
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	for _, c := range cases {
		fmt.Println(check(c) == nil)
	}
}
"""


def text(data: bytes) -> str:
    return b64encode(data).decode()


def bent(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def notes() -> list[tuple[dict[str, Any], bool]]:
    key = SigningKey.generate("record.example.lg.jp")
    note = sign(Checkpoint(key.name, 42, leaf_hash(b"x")), key, SigningKey.generate(key.name))
    case = {"Kind": "note", "Key": verifier_line(key.verifier), "Note": note.decode()}
    other = verifier_line(SigningKey.generate(key.name).verifier)
    forged = note.decode().replace("\n42\n", "\n43\n")
    return [(case, True), ({**case, "Key": other}, False), ({**case, "Note": forged}, False)]


def proofs() -> list[tuple[dict[str, Any], bool]]:
    chance, cases = Random(6962), []
    leaves = [leaf_hash(str(number).encode()) for number in range(700)]
    tree = Tree(lambda start, end: leaves[start:end])
    for _ in range(300):
        size = chance.randrange(2, 700)
        index, old, root = chance.randrange(size), chance.randrange(1, size), tree.root(size)
        path = [text(one) for one in tree.inclusion(index, size)]
        case: dict[str, Any] = {"Kind": "inclusion", "Size": size, "Index": index, "Root": text(root), "Proof": path}
        cases.append(({**case, "Leaf": text(leaves[index])}, True))
        cases.append(({**case, "Leaf": text(bent(leaves[index]))}, False))
        path = [text(one) for one in tree.consistency(old, size)]
        case = {"Kind": "consistency", "Size": size, "Old": old, "Root": text(root), "Proof": path}
        cases.append(({**case, "OldRoot": text(tree.root(old))}, True))
        cases.append(({**case, "OldRoot": text(bent(tree.root(old)))}, False))
    return cases


def tile_cases() -> list[tuple[dict[str, Any], bool]]:
    chance, cases = Random(256), []
    for size in (1, 255, 256, 257, 700, 66_000):
        leaves = [leaf_hash(str(number).encode()) for number in range(size)]
        files = {name: text(content) for name, content in tiles(leaves)}
        root = text(root_from(leaves))
        case: dict[str, Any] = {"Kind": "tile", "Size": size, "Root": root, "Tiles": files}
        for index in {0, size - 1, chance.randrange(size)}:
            cases.append(({**case, "Index": index, "Leaf": text(leaves[index])}, True))
            cases.append(({**case, "Index": index, "Leaf": text(bent(leaves[index]))}, False))
        if size < 1000:
            forged = {**files, min(files): text(bent(b64decode(files[min(files)])))}
            cases.append(({**case, "Index": 0, "Leaf": text(leaves[0]), "Tiles": forged}, False))
    return cases


@pytest.mark.slow
def test_go_accepts_our_notes_and_proofs_and_refuses_bent_ones(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed (Debian: golang-go)")
    if not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go's x/mod is not installed (Debian: golang-golang-x-mod-dev)")
    (tmp_path / "judge.go").write_text(PROGRAM)
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "GOPROXY": "off"}
    environment.setdefault("GOCACHE", str(tmp_path / "cache"))
    cases = notes() + proofs() + tile_cases()
    done = subprocess.run(
        [go, "run", str(tmp_path / "judge.go")],
        input=json.dumps([case for case, _ in cases]),
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["true" if good else "false" for _, good in cases]
