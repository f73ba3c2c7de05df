from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from serving.batch.manifest import read_items
from serving.clock import CHINA_TIME
from serving.errors import ManifestError


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_folder_lists_recordings_of_subfolders_and_nothing_else(tmp_path: Path) -> None:
    touch(
        tmp_path / "b.wav",
        tmp_path / "day" / "a.MP3",
        tmp_path / "notes.txt",
        tmp_path / ".trash" / "c.wav",
        tmp_path / ".hidden.wav",
    )
    assert [(i.call_id, i.path) for i in read_items(tmp_path)] == [
        ("b", tmp_path / "b.wav"),
        ("day/a", tmp_path / "day" / "a.MP3"),
    ]


def test_same_stem_twice_keeps_two_calls_apart(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav", tmp_path / "a.mp3")
    assert sorted(i.call_id for i in read_items(tmp_path)) == ["a.mp3", "a.wav"]


def test_csv_gives_every_column_and_paths_relative_to_itself(tmp_path: Path) -> None:
    manifest = tmp_path / "calls.csv"
    manifest.write_text(
        "path,other_leg,kind,received_at,call_id\n"
        "x/agent.wav,x/citizen.wav,callback,2026-03-01T09:30,甲-1\n"
        "y.wav,,,,\n",
        encoding="utf-8-sig",
    )
    first, second = read_items(manifest)
    assert first.call_id == "甲-1"
    assert first.path == tmp_path / "x" / "agent.wav"
    assert first.other_leg == tmp_path / "x" / "citizen.wav"
    assert first.kind == "callback"
    assert first.received_at == datetime(2026, 3, 1, 9, 30, tzinfo=CHINA_TIME)
    assert (second.call_id, second.other_leg, second.kind, second.received_at) == (
        "y",
        None,
        None,
        None,
    )


def test_csv_saved_by_a_chinese_spreadsheet_is_read(tmp_path: Path) -> None:
    manifest = tmp_path / "calls.csv"
    manifest.write_bytes("path,call_id\n录音.wav,来电一\n".encode("gb18030"))
    assert read_items(manifest)[0].call_id == "来电一"


def test_json_lines(tmp_path: Path) -> None:
    manifest = tmp_path / "calls.jsonl"
    manifest.write_text('{"path": "a.wav"}\n\n{"path": "/b/c.wav", "kind": "ticket"}\n')
    first, second = read_items(manifest)
    assert first.path == tmp_path / "a.wav"
    assert (second.path, second.kind) == (Path("/b/c.wav"), "ticket")


def test_every_bad_line_is_named_at_once(tmp_path: Path) -> None:
    manifest = tmp_path / "calls.csv"
    manifest.write_text(
        "path,kind,received_at,call_id\n"
        "a.wav,,,one\n"
        "b.wav,complaint,,\n"
        "c.wav,,yesterday,\n"
        ",,,\n"
        "d.wav,,,one\n"
    )
    with pytest.raises(ManifestError) as caught:
        read_items(manifest)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{manifest}:{n}" for n in (3, 4, 5, 6)]
    assert "complaint" in lines[0]
    assert "2026-03-01T09:30" in lines[1]
    assert "no path" in lines[2]
    assert "line 2" in lines[3]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("calls.csv", "file\na.wav\n", "`path`"),
        ("calls.csv", "path,colour\na.wav,red\n", "colour"),
        ("calls.csv", "path\n", "lists no recordings"),
        ("calls.jsonl", "{not json\n", ":1: is not JSON"),
        ("calls.jsonl", '["a.wav"]\n', ":1: must be an object"),
        ("call.wav", "", "jiesu process"),
    ],
)
def test_unusable_lists_say_why(tmp_path: Path, name: str, content: str, said: str) -> None:
    manifest = tmp_path / name
    manifest.write_text(content)
    with pytest.raises(ManifestError, match=said):
        read_items(manifest)


def test_missing_source_and_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="does not exist"):
        read_items(tmp_path / "nix")
    with pytest.raises(ManifestError, match="holds no recordings"):
        read_items(tmp_path)
