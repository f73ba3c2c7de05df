"""Backbones by name: a pre-trained encoder of the hub, or of a folder in its layout."""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoTokenizer

from models.errors import ModelMissingError, WeightsFormatError
from models.extractor.encoder import PREFIX, EncoderParts
from models.extractor.net import (
    ExtractorConfig,
    ExtractorNet,
    Labels,
    as_lists,
    described_body,
    without_pooler,
)


def from_hub(name: str, labels: Labels, layers: int | None = None) -> ExtractorNet:
    """Build the network on the first `layers` of a pre-trained body.

    Raises ModelMissingError where the hub has no such model or cannot be reached.
    """
    try:
        config = AutoConfig.from_pretrained(name)
        if layers is not None:
            config.num_hidden_layers = min(layers, config.num_hidden_layers)
        kind = without_pooler(config.model_type)
        body = AutoModel.from_pretrained(name, config=config, **kind)
    except (OSError, ValueError) as error:
        raise ModelMissingError(
            f"no backbone {name!r} on the hub or in a folder of that name ({error}); name one that "
            "transformers can load, or the path of e5-small-q4.bin"
        ) from error
    net = ExtractorNet(ExtractorConfig(described_body(config), as_lists(labels)), body=body)
    net.freeze(0)
    return net


def hub_parts(name: str, max_pieces: int) -> EncoderParts:
    """Describe the input of a hub's model by its own tokenizer.

    Raises WeightsFormatError for one that the `tokenizers` library cannot hold.
    """
    tokenizer = AutoTokenizer.from_pretrained(name)
    bos = _first(tokenizer.cls_token_id, tokenizer.bos_token_id)
    eos = _first(tokenizer.sep_token_id, tokenizer.eos_token_id)
    if not tokenizer.is_fast or bos is None or eos is None:
        raise WeightsFormatError(
            f"the tokenizer of {name} has no fast form with marks at both ends"
        )
    return EncoderParts(
        graph=b"",
        tokenizer=tokenizer.backend_tokenizer.to_str(),
        bos=bos,
        eos=eos,
        max_pieces=max_pieces,
        prefix=PREFIX if "e5" in name.lower() else "",
    )


def _first(*ids: int | None) -> int | None:
    return next((number for number in ids if number is not None), None)
