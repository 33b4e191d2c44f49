import pytest

from services.whatsapp.gateway import QrExpired, QrShown


@pytest.fixture
def brief() -> bool:
    return True


@pytest.mark.gen_test(timeout=60)
async def test_six_codes_and_then_none_until_somebody_asks(phone):
    await phone.gateway.start("b1")
    await phone.heard.until(QrExpired)
    shown = phone.heard.of(QrShown)
    assert [qr.seq for qr in shown] == [1, 2, 3, 4, 5, 6]
    assert len({qr.code for qr in shown}) == 6
    await phone.gateway.start("b1")
    await phone.heard.until(QrShown, seq=1)
