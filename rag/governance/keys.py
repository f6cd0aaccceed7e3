"""Which key goes to which server: a provider's to its own address over https, the one set for a server of one's own to that."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from rag.errors import ModelProblem
from rag.governance.addresses import key_in
from rag.governance.egress import is_local

CHAT = "RAG_CHAT_KEY"
EMBEDDING = "RAG_EMBEDDING_KEY"
AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
AWS = (".amazonaws.com", ".amazonaws.com.cn")
PROVIDERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "openai": (("OPENAI_API_KEY",), ("api.openai.com",)),
    "azure_openai": (("AZURE_OPENAI_API_KEY",), AZURE),
    "anthropic": (("ANTHROPIC_API_KEY",), ("api.anthropic.com",)),
    "google_genai": (("GOOGLE_API_KEY", "GEMINI_API_KEY"), ("generativelanguage.googleapis.com",)),
    "mistralai": (("MISTRAL_API_KEY",), ("api.mistral.ai",)),
    "groq": (("GROQ_API_KEY",), ("api.groq.com",)),
    "ollama": (("OLLAMA_API_KEY",), ("ollama.com",)),
    "bedrock": (("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID"), AWS),
}
KEYLESS = "none"  # What a client sends where it wants a key and none is meant for the server.


@dataclass(frozen=True)
class Keys:
    """The variables that may hold the key for a server: a provider's, or at any other address `own` alone.

    `homes` are the hosts that the provider's keys are meant for; one that begins with a dot stands for all below it.
    """

    provider: tuple[str, ...]
    homes: tuple[str, ...]
    own: str

    def at_home(self, url: str) -> bool:
        """Whether a URL is the provider's: one of its hosts, over https unless that is this machine."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        known = any(host == home or (home.startswith(".") and host.endswith(home)) for home in self.homes)
        return known and (parts.scheme == "https" or is_local(host))

    def names(self, url: str) -> tuple[str, ...]:
        """The variables whose key is meant for this URL."""
        return self.provider if self.provider and self.at_home(url) else (self.own,)

    def key(self, url: str) -> str:
        """The key for this URL, or "". Raises ModelProblem for one that cannot be sent."""
        return key_in(self.names(url))

    def missing(self, url: str) -> bool:
        """Whether the provider's own address is asked, which always wants a key, and none is set."""
        return bool(self.provider) and self.at_home(url) and not self.key(url)


def keys_of(provider: str, own: str) -> Keys:
    """What is known of the keys of a provider, as LangChain names it; `own` is the variable for a server of one's own."""
    names, homes = PROVIDERS[provider]
    endpoint = (urlsplit(os.environ.get("AZURE_OPENAI_ENDPOINT", "")).hostname or "").lower()
    return Keys(names, (endpoint,) if provider == "azure_openai" and endpoint else homes, own)


def check_aws(url: str) -> None:
    """Passes where Amazon itself is asked. Raises ModelProblem: its package finds keys in many places and sends them along."""
    if not keys_of("bedrock", "").at_home(url):
        raise ModelProblem(f"{url} is not Amazon's, whose keys go to https://….amazonaws.com alone. Leave the base URL empty.")
