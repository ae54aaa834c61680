"""A stand-in OpenID provider on loopback: it asks nobody, and says of everybody what a test tells it."""

from __future__ import annotations

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

from tests.backoffice.integrations.standin import StandIn, say

CLIENT = "console-client"
SECRET = "console-client-secret-of-thirty-two-bytes"


class Provider(StandIn):
    """`person`: the claims of whoever signs in there. What it is asked, it checks as Google does."""

    def __init__(self, **person: object) -> None:
        super().__init__(self.answer)
        self.person = {
            "sub": "1001",
            "email": "ada@gmail.example",
            "email_verified": True,
            "given_name": "Ada",
            "family_name": "Lovelace",
            **person,
        }
        # What the user-information service says when that is something else.
        self.info: dict[str, object] | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.cancels = False
        self.breaks = False

    def answer(self, handler) -> None:
        path, _mark, query = handler.path.partition("?")
        {
            "/o/oauth2/v2/auth": self.authorize,
            "/token": self.token,
            "/v1/userinfo": self.user_info,
        }[path](handler, {k: v[0] for k, v in parse_qs(query).items()})

    def authorize(self, handler, asked: dict[str, str]) -> None:
        assert asked["client_id"] == CLIENT
        assert set(asked["scope"].split()) == {"profile", "email"}
        assert asked["code_challenge_method"] == "S256"
        back = {"state": asked["state"]}
        if self.cancels:
            back["error"] = "access_denied"
        else:
            back["code"] = f"code-{len(self.codes)}"
            self.codes[back["code"]] = asked
        say(handler, 302, b"", {"Location": f"{asked['redirect_uri']}?{urlencode(back)}"})

    def token(self, handler, _asked: dict[str, str]) -> None:
        sent = {k: v[0] for k, v in parse_qs(self.asked[-1][3].decode()).items()}
        if self.breaks:
            say(handler, 500, {"error": "server_error"})
            return
        first = self.codes.pop(sent["code"])
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(sent["code_verifier"].encode()).digest()
        )
        assert challenge.decode().rstrip("=") == first["code_challenge"]
        assert sent["redirect_uri"] == first["redirect_uri"]
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 600, **self.person}
        token = jwt.encode(claims, SECRET, algorithm="HS256")
        say(handler, 200, {"access_token": "bearer-1", "id_token": token, "expires_in": 600})

    def user_info(self, handler, _asked: dict[str, str]) -> None:
        if self.asked[-1][2].get("Authorization") != "Bearer bearer-1":
            say(handler, 401, {"error": "invalid_token"})
            return
        say(handler, 200, self.person if self.info is None else self.info)


def walk(client, provider: Provider, *, start: str = "/accounts/google/login/", **more):
    """Go the whole way as a browser does; return the answer of the callback."""
    import requests

    leaves = client.post(start, more)
    assert leaves.status_code == 302, leaves.content.decode()[:2000]
    assert leaves["Location"].startswith(provider.url)
    back = requests.get(leaves["Location"], allow_redirects=False, timeout=5).headers["Location"]
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}")
