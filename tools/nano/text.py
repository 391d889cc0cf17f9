"""The nano text encoder: UMT5 with random weights. So few words need no training to be told apart."""

from __future__ import annotations

import string

from transformers import T5Tokenizer, UMT5Config, UMT5EncoderModel

from nano.clips import PROMPTS

WIDTH = 32


def tokenizer() -> T5Tokenizer:
    """A token for each word that the prompts are made of; other words are spelled."""
    words = sorted({word for prompt in PROMPTS for word in prompt.split()})
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)]
    vocabulary += [(letter, -4.0) for letter in string.ascii_letters + string.digits + ".,!?'\"-:;()"]
    vocabulary += [("\u2581" + word, -3.0) for word in words]
    return T5Tokenizer(vocab=vocabulary, extra_ids=0, additional_special_tokens=[])


def build(vocabulary: int) -> UMT5EncoderModel:
    """A text encoder that stays as it is."""
    config = UMT5Config(
        vocab_size=vocabulary, d_model=WIDTH, d_kv=8, d_ff=64, num_layers=2, num_heads=4,
        relative_attention_num_buckets=8, relative_attention_max_distance=32, dropout_rate=0.0,
    )  # fmt: skip
    encoder: UMT5EncoderModel = UMT5EncoderModel(config).eval().requires_grad_(requires_grad=False)
    return encoder
