"""What a user sees of input that cannot be used: a message that helps, an exit code, no debris.

Every case runs the real command line in a process of its own.
"""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.integration.command_line import SCRIPTED, command, environment, jiesu
from tests.integration.spoken_call import RATE_HZ, TICKET_CALL, call_sound, write_call, write_wav
from tests.serving.profile_folder import FILES, write_profile


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_call(tmp_path_factory.mktemp("calls") / "call.wav")


def write_float_wav(path: Path, *legs: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    """Write 32-bit float WAV, which the standard library cannot."""
    data = np.stack(legs, axis=1).astype("<f4").tobytes()
    frame = 4 * len(legs)
    header = struct.pack("<HHIIHH", 3, len(legs), RATE_HZ, RATE_HZ * frame, frame, 32)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 4 + 8 + len(header) + 8 + len(data)) + b"WAVE"
        b"fmt " + struct.pack("<I", len(header)) + header
        + b"data" + struct.pack("<I", len(data)) + data
    )  # fmt: skip


def make_bad(path: Path, kind: str, call: Path) -> None:
    whole = call.read_bytes()
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "one sample":
            write_wav(path, np.zeros(1, dtype=np.float32))
        case "header only":
            path.write_bytes(whole[:44])
        case "half a header":
            path.write_bytes(whole[:20])
        case "text named .wav":
            path.write_text("这不是录音\n" * 100, encoding="utf-8")
        case "wrong codec":
            path.write_bytes(whole[:20] + b"\x34\x12" + whole[22:])
        case "three channels":
            leg = call_sound(TICKET_CALL)[0]
            write_wav(path, leg, leg, leg)
        case "a folder":
            path.mkdir()


BAD = {
    "empty": "empty",
    "one sample": "too little",
    "header only": "",
    "half a header": "",
    "text named .wav": "WAV, FLAC",
    "wrong codec": "",
    "three channels": "",
    "a folder": "folder",
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_recording_is_named_and_costs_no_model(tmp_path: Path, call: Path, kind: str) -> None:
    path = tmp_path / "bad.wav"
    make_bad(path, kind, call)
    target = tmp_path / "result.json"
    ran = jiesu(
        "process",
        path,
        "--json",
        "-o",
        target,
        env={"JIESU_MODELS_DIR": str(tmp_path / "no-models")},
    )
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("jiesu: ")
    assert str(path) in ran.err
    assert BAD[kind] in ran.err
    assert "Traceback" not in ran.err
    assert not target.exists()


def test_missing_file(tmp_path: Path) -> None:
    ran = jiesu("process", tmp_path / "nix.wav")
    assert ran.code == 1
    assert "nix.wav does not exist" in ran.err


def test_truncated_recording_is_used_and_the_damage_told(tmp_path: Path, call: Path) -> None:
    path = tmp_path / "cut.wav"
    whole = call.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    ran = jiesu("process", path, "--json", module=SCRIPTED)
    assert ran.code == 0, ran.err
    assert "您好" in ran.out


def test_samples_that_are_not_numbers_become_silence(tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    sound = call_sound(TICKET_CALL)
    sound[:, 8000:9000] = np.nan
    sound[:, 20000:20100] = np.inf
    write_float_wav(path, *sound)
    ran = jiesu("process", path, "--json", module=SCRIPTED)
    assert ran.code == 0, ran.err
    assert "13900001234" in ran.out
    assert "NaN" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--profile", "nix"), "no profile 'nix'; give the folder of one, or one of: "),
        (("--kind", "complaint"), "complaint"),
        (("--received-at", "yesterday"), "2026-03-01T09:30"),
        (("--agent-channel", "middle"), "middle"),
        (("--engine", "kaldi"), "whisper, funasr"),
        (("--colour",), "No such option"),
    ],
)
def test_wrong_usage_ends_with_2(call: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = jiesu("process", call, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_profile_with_an_error_is_named_by_file_and_line(tmp_path: Path, call: Path) -> None:
    folder = write_profile(tmp_path, agencies=FILES["agencies"].replace("东区}", "南区}"))
    ran = jiesu("process", call, "--profile", folder)
    assert (ran.code, ran.out) == (2, "")
    assert f"{folder}/agencies.yaml:3: the jurisdiction '南区'" in ran.err
    checked = jiesu("profiles", "check", folder)
    assert checked.code == 2
    assert "agencies.yaml:3" in checked.out


def test_profiles_of_the_user_are_found_by_name(tmp_path: Path) -> None:
    write_profile(tmp_path)
    ran = jiesu("profiles", "check", env={"JIESU_PROFILES_DIR": str(tmp_path)})
    assert "✓ anling  安陵 12345" in ran.out
    assert "✓ haikou" in ran.out
    assert ran.code == 0


def test_missing_model_says_how_to_get_it(tmp_path: Path, call: Path) -> None:
    ran = jiesu("process", call, env={"JIESU_MODELS_DIR": str(tmp_path)})
    assert (ran.code, ran.out) == (2, "")
    assert "jiesu models pull" in ran.err


def test_wrong_setting_is_named(call: Path) -> None:
    ran = jiesu("process", call, env={"JIESU_THREADS": "many"})
    assert ran.code == 2
    assert "JIESU_THREADS=many" in ran.err


def test_output_folder_that_is_not_there_is_told_before_the_work(
    tmp_path: Path, call: Path
) -> None:
    ran = jiesu("process", call, "-o", tmp_path / "nix" / "a.json")
    assert ran.code == 2
    assert "create it" in ran.err


def test_full_disk_behind_stdout(call: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("process", call, "--json", module=SCRIPTED),
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=60,
        )
    assert done.returncode == 2
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KiB, which only root can make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_leaves_nothing_half_written(small_disk: Path, call: Path) -> None:
    target = small_disk / "result.json"
    target.write_text("the result of yesterday")
    (small_disk / "filler").write_bytes(b"x" * 8192)
    ran = jiesu("process", call, "--json", "-o", target, module=SCRIPTED)
    assert (ran.code, ran.out) == (2, "")
    assert "disk is full" in ran.err
    assert target.read_text() == "the result of yesterday"
    assert sorted(p.name for p in small_disk.iterdir()) == ["filler", "result.json"]


def test_read_only_output_is_told_before_the_work(small_disk: Path, call: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    ran = jiesu("process", call, "-o", small_disk / "a.json")
    assert ran.code == 2
    assert "read-only" in ran.err


def test_closed_pipe_is_no_traceback(call: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        command("process", call, module=SCRIPTED),
        env=environment(),
        stdout=write_end,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
    )
    os.close(write_end)
    assert done.returncode == 1
    assert done.stderr == ""
