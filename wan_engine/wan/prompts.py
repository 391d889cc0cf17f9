"""From words to what the transformer reads, and no text encoder is loaded for words that were read before."""

from __future__ import annotations

import contextlib
import hashlib
import html
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import ftfy
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from wan_engine.wan.cost import TEXT_TOKENS

#: Bytes of embeddings that are kept in memory: some 120 of 512 tokens.
MOST_KEPT = 512 << 20


def clean(text: str) -> str:
    """The text as Wan reads it: repaired, unescaped twice, in one line (`prompt_clean` of diffusers).

    ftfy is a must, because the picture depends on whether it is there.
    """
    repaired = html.unescape(html.unescape(ftfy.fix_text(text)))
    return re.sub(r"\s+", " ", repaired).strip()


class Embeddings:
    """Embeddings of prompts, by their words, in memory and in a folder that processes of one machine share.

    Parameters
    ----------
    encoder:
        Names the text encoder, its precision and its tokenizer: whatever else an embedding depends on.
    folder:
        Where they are kept. None: in memory only. It can be deleted at any time.
    """

    def __init__(self, encoder: str, folder: Path | None = None) -> None:
        self._encoder, self._folder = encoder, folder
        self._kept: OrderedDict[str, torch.Tensor] = OrderedDict()

    def get(self, text: str) -> torch.Tensor | None:
        """The embedding of a text, (tokens, channels), without padding; None if it was not read before."""
        key = self._key(text)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if self._folder is None:
            return None
        try:
            found = load_file(self._path(key))["embedding"]
        except (OSError, SafetensorError, KeyError):  # not there, or half of it after a power cut: it is read again
            return None
        self._remember(key, found)
        return found

    def put(self, text: str, embedding: torch.Tensor) -> None:
        """Keep the embedding of a text, (tokens, channels)."""
        key, embedding = self._key(text), embedding.detach().cpu().contiguous()
        self._remember(key, embedding)
        if self._folder is None:
            return
        part = self._folder / f"{uuid4().hex}.part"
        with contextlib.suppress(OSError):  # a full disk costs the encoder's time, not the shot
            self._folder.mkdir(parents=True, exist_ok=True)
            save_file({"embedding": embedding}, part)
            part.replace(self._path(key))
        part.unlink(missing_ok=True)

    def _remember(self, key: str, embedding: torch.Tensor) -> None:
        self._kept[key] = embedding
        while len(self._kept) > 1 and sum(one.nbytes for one in self._kept.values()) > MOST_KEPT:
            self._kept.popitem(last=False)

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self._encoder}|ftfy {ftfy.__version__}|{clean(text)}".encode()).hexdigest()

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key}.safetensors"


def read(
    texts: Sequence[str], tokenizer: Any, text_encoder: Callable[..., Any], device: torch.device
) -> list[torch.Tensor]:
    """The embedding of each text, (tokens, channels), without padding, in the encoder's precision.

    Parameters
    ----------
    device:
        Where the text encoder is.
    """
    asked = tokenizer(
        [clean(text) for text in texts],
        padding="max_length",
        max_length=TEXT_TOKENS,
        truncation=True,
        add_special_tokens=True,
        return_attention_mask=True,
        return_tensors="pt",
    )
    with torch.no_grad():
        states = text_encoder(asked.input_ids.to(device), asked.attention_mask.to(device)).last_hidden_state
    lengths = asked.attention_mask.sum(dim=1).tolist()
    return [state[:length] for state, length in zip(states, lengths, strict=True)]


def padded(embeddings: Sequence[torch.Tensor], tokens: int = TEXT_TOKENS) -> torch.Tensor:
    """Embeddings as one batch, (texts, tokens, channels), with zeros behind each.

    There is no mask in the model: it was trained to see these zeros, and with fewer of them it draws something else.
    """
    return torch.stack([torch.cat([one, one.new_zeros(tokens - one.shape[0], one.shape[1])]) for one in embeddings])
