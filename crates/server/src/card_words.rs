//! Words about card purses that the API and the pages share.

use messages::card::receipt::{RecordVerdict, RefusalReason};

/// Why a record was refused, as a code; `byte` is as receipts have it.
pub(crate) fn refusal_code(byte: u8) -> &'static str {
    let Some(RecordVerdict::Refused(reason)) = RecordVerdict::from_byte(byte) else { return "unknown" };
    match reason {
        RefusalReason::Malformed => "malformed",
        RefusalReason::WrongTerminal => "wrong_terminal",
        RefusalReason::UnknownCard => "unknown_card",
        RefusalReason::KeyVersion => "key_version",
        RefusalReason::WrongTac => "wrong_tac",
        RefusalReason::Clone => "clone",
        RefusalReason::Kind => "kind",
        RefusalReason::CardClosed => "card_closed",
        RefusalReason::WrongSplit => "wrong_split",
    }
}
