"""What the video server draws with: asked once, and remembered for as long as this process lives."""

from __future__ import annotations

from reelmill.errors import EngineError, ServerUnavailable
from wan_engine.video_api.address import MODEL, URL, Address
from wan_engine.video_api.protocol import Answer, name_of, served

#: Seconds that a question may take which somebody at a prompt waits for.
QUICK_SECONDS = 2.0
#: Bytes of the answer that are read.
LONGEST_ANSWER = 1 << 20

_known: dict[str, str] = {}


def model_of(address: Address) -> str:
    """The model of a server: what the settings say, what it said before, or what it says now.

    Raises
    ------
    EngineError
        If no server is configured, or if it answers something else.
    ServerUnavailable, TransientError
        If it does not answer.
    """
    if address.model:
        return address.model
    return _known.get(address.required().url) or ask(address)


def ask(address: Address) -> str:
    """Ask the server, with a short patience. Parameters and errors are those of `model_of`."""
    url = f"{address.required().url}/v1/models"
    import httpx  # after that: where no server is configured, nobody waits for it

    try:
        with (
            httpx.Client(timeout=QUICK_SECONDS, trust_env=False, headers=address.headers) as client,
            client.stream("GET", url) as response,
        ):
            body = b""
            for block in response.iter_bytes():
                body += block
                if len(body) > LONGEST_ANSWER:
                    break
    except httpx.HTTPError as error:
        raise away(address, error) from None
    return choose(address, served(Answer(response.status_code, body)))


def choose(address: Address, offered: tuple[str, ...]) -> str:
    """The model to order, out of those that the server offers; remembered.

    Raises
    ------
    EngineError
        If the settings name one that it does not serve.
    """
    if not address.model:
        _known[address.url] = offered[0]
        return offered[0]
    name = name_of(address.model)
    # A server that tells no revision is believed to have the right one.
    if not any(
        one in {name, address.model} or (one.startswith(f"{name}@") and name == address.model) for one in offered
    ):
        raise EngineError(
            f"the video server serves {', '.join(offered[:3])}, not {address.model}",
            f"correct {MODEL}, or start the server with that model",
        )
    return address.model


def away(address: Address, error: Exception) -> ServerUnavailable:
    """The error for a server that cannot be reached."""
    import httpx

    from reelmill.answers import redacted

    what = "it took too long" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__
    return ServerUnavailable(
        f"the video server at {redacted(address.url)} does not answer: {what}", f"start it, or correct {URL}"
    )
