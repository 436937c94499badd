"""What is sent is signed as the Standard Webhooks scheme says."""

from __future__ import annotations

import pytest

from generation.signatures import secret_of, sign


def test_the_published_example_of_the_scheme() -> None:
    secret, event_id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    found = sign(secret, event_id, 1614265330, '{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_its_prefix_and_base64() -> None:
    assert secret_of(b"\x00\x01\x02") == "whsec_AAEC"
    with pytest.raises(ValueError, match="whsec_ and base64"):
        sign("whsec_!", "evt_1", 0, "")
