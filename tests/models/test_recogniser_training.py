"""The torch network is the CTranslate2 model, and training it makes an adapter that merges."""

from __future__ import annotations

import json
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

torch = pytest.importorskip("torch")
soundfile = pytest.importorskip("soundfile")

from models.recogniser.adapt import adapt_whisper  # noqa: E402
from models.recogniser.ctranslate2_format import Ct2Model, read_model, write_model  # noqa: E402
from models.recogniser.dataset import (  # noqa: E402
    END,
    IGNORED,
    PROMPT,
    ClipBatches,
    multi_digit_tokens,
    written_tokens,
)
from models.recogniser.log_mel import log_mel_numpy  # noqa: E402
from models.recogniser.merge import load_adapter, merge_adapter, merged_model  # noqa: E402
from models.recogniser.train import Recipe, train  # noqa: E402
from models.recogniser.whisper_net import AdaptedWhisper  # noqa: E402
from models.voices.corpus import Clip, read_manifest  # noqa: E402

WIDTH, HEADS, VOCABULARY = 64, 1, (*PROMPT, END, "1", "2", "39", "路", "灯", "坏", "了", "。")


def tiny_whisper() -> Ct2Model:
    rng = np.random.default_rng(3)
    parts: dict[str, np.ndarray] = {}

    def matrix(name: str, *shape: int) -> None:
        parts[f"{name}/weight"] = (rng.standard_normal(shape) * 0.1).astype(np.float32)
        parts[f"{name}/bias"] = (rng.standard_normal(shape[0]) * 0.1).astype(np.float32)

    def norm(name: str) -> None:
        parts[f"{name}/gamma"] = (1 + rng.standard_normal(WIDTH) * 0.1).astype(np.float32)
        parts[f"{name}/beta"] = (rng.standard_normal(WIDTH) * 0.1).astype(np.float32)

    matrix("encoder/conv1", WIDTH, 80, 3)
    matrix("encoder/conv2", WIDTH, WIDTH, 3)
    for half, length in (("encoder", 1500), ("decoder", 448)):
        parts[f"{half}/num_heads"] = np.array(HEADS, np.int16)
        positions = rng.standard_normal((length, WIDTH)) * 0.1
        parts[f"{half}/position_encodings/encodings"] = positions.astype(np.float32)
        norm(f"{half}/layer_norm")
        matrix(f"{half}/layer_0/self_attention/linear_0", 3 * WIDTH, WIDTH)
        matrix(f"{half}/layer_0/self_attention/linear_1", WIDTH, WIDTH)
        matrix(f"{half}/layer_0/ffn/linear_0", 4 * WIDTH, WIDTH)
        matrix(f"{half}/layer_0/ffn/linear_1", WIDTH, 4 * WIDTH)
        norm(f"{half}/layer_0/self_attention/layer_norm")
        norm(f"{half}/layer_0/ffn/layer_norm")
    matrix("decoder/layer_0/attention/linear_0", WIDTH, WIDTH)
    matrix("decoder/layer_0/attention/linear_1", 2 * WIDTH, WIDTH)
    matrix("decoder/layer_0/attention/linear_2", WIDTH, WIDTH)
    norm("decoder/layer_0/attention/layer_norm")
    embedding = rng.standard_normal((len(VOCABULARY), WIDTH))
    parts["decoder/embeddings/weight"] = embedding.astype(np.float32)
    for name, value in (("activation", 3), ("pre_norm", 1), ("scale_embeddings", 0)):
        parts[f"decoder/{name}"] = np.array(value, np.int8)
    aliases = (("decoder/projection/weight", "decoder/embeddings/weight"),)
    return Ct2Model("WhisperSpec", 3, dict(sorted(parts.items())), aliases)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A CTranslate2 folder with a Whisper small enough to train in a test."""
    folder = tmp_path / "base"
    folder.mkdir()
    write_model(tiny_whisper(), folder / "model.bin")
    ids = {token: number for number, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=END))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "vocabulary.json").write_text(json.dumps(VOCABULARY), encoding="utf-8")
    config = {"suppress_ids": [], "suppress_ids_begin": [], "lang_ids": [1], "alignment_heads": []}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    rng = np.random.default_rng(0)
    with (folder / "manifest-0.jsonl").open("w", encoding="utf-8") as lines:
        for number, (text, hz) in enumerate([("路灯坏了。", 300), ("灯12了", 700)] * 4):
            tone = np.sin(np.arange(16000) * 2 * np.pi * hz / 16000) * 0.2
            samples = (tone + rng.standard_normal(16000) * 0.01).astype(np.float32)
            soundfile.write(folder / f"{number}.flac", samples, 16000)
            line = {"audio": f"{number}.flac", "text": text, "spoken": text, "speaker": "tone",
                    "seconds": 1.0}  # fmt: skip
            lines.write(json.dumps(line) + "\n")
    return folder


def test_the_encoder_equals_ctranslate2(base: Path) -> None:
    samples = np.random.default_rng(1).standard_normal((2, 32000)).astype(np.float32) * 0.1
    mel = log_mel_numpy(samples)
    assert mel.shape == (2, 80, 200)
    theirs = ctranslate2.models.Whisper(str(base), compute_type="float32").encode(
        ctranslate2.StorageView.from_array(mel)
    )
    with torch.no_grad():
        ours = AdaptedWhisper(tiny_whisper(), rank=2).encode(torch.from_numpy(mel)).numpy()
    np.testing.assert_allclose(ours, np.array(theirs), atol=2e-4)


def test_the_merged_model_computes_what_the_adapted_network_does() -> None:
    net = AdaptedWhisper(tiny_whisper(), rank=2)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    adapter = {name: part.astype(np.float32) for name, part in net.adapter().items()}
    merged = AdaptedWhisper(merged_model(tiny_whisper(), adapter), rank=2)
    mel, tokens = torch.randn(2, 80, 60), torch.tensor([[0, 1, 2, 3, 7], [0, 1, 2, 3, 9]])
    with torch.no_grad():
        before = AdaptedWhisper(tiny_whisper(), rank=2)(mel, tokens)
        np.testing.assert_allclose(net(mel, tokens), merged(mel, tokens), atol=0.03)
        assert float((net(mel, tokens) - before).abs().max()) > 0.3


def test_training_learns_continues_and_merges(base: Path, corpus: Path, tmp_path: Path) -> None:
    out, recipe = tmp_path / "adapter.npz", Recipe(steps=2, batch_size=4, rank=2)
    device = torch.device("cpu")
    train(base, corpus, out, recipe, device)
    first = load_adapter(out)
    longer = Recipe(steps=4, batch_size=4, rank=2)
    train(base, corpus, out, longer, device)
    second = load_adapter(out)
    name = "decoder/layer_0/ffn/linear_0/weight.up"
    assert np.abs(first[name]).max() > 0
    assert not np.array_equal(first[name], second[name])
    merged = merge_adapter(base, out, tmp_path / "merged")
    model = ctranslate2.models.Whisper(str(merged), compute_type="int8")
    mel = ctranslate2.StorageView.from_array(np.zeros((1, 80, 100), np.float32))
    assert model.encode(mel).shape == [1, 50, WIDTH]


def test_a_batch_holds_prompt_text_and_end_and_scores_only_the_text(
    base: Path, corpus: Path
) -> None:
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    clips = read_manifest(corpus)
    assert isinstance(clips[0], Clip)
    batches = ClipBatches(corpus, clips, tokenizer, 8)
    (batch,) = batches.epoch(np.random.default_rng(0))
    again = next(iter(batches.epoch(np.random.default_rng(0))))
    np.testing.assert_array_equal(batch.samples, again.samples)
    assert batch.samples.shape[1] % 320 == 0
    end = tokenizer.token_to_id(END)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        assert tokens[:4].tolist() == [0, 1, 2, 3]
        assert targets[:3].tolist() == [IGNORED] * 3
        scored = targets[targets != IGNORED]
        assert scored[-1] == end
        np.testing.assert_array_equal(scored[:-1], tokens[4 : 3 + len(scored)])


def test_digits_are_tokens_of_their_own(base: Path) -> None:
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    ids = {token: number for number, token in enumerate(VOCABULARY)}
    assert written_tokens(tokenizer, "灯12") == [ids["灯"], ids["1"], ids["2"]]
    assert multi_digit_tokens(tokenizer) == [ids["39"]]


def test_adapting_gives_a_trimmed_folder_of_weights(
    base: Path, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    adapted = adapt_whisper(base, corpus, out, steps=2, threads=1)
    assert (out / "adapter.npz").is_file()
    assert {path.name for path in adapted.iterdir()} == {
        "model.bin", "vocabulary.json", "config.json",
    }  # fmt: skip
    changed = read_model(adapted / "model.bin").variables
    before = read_model(base / "model.bin").variables
    assert any(not np.array_equal(changed[n], before[n]) for n in changed if "attention" in n)
