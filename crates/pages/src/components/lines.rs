use ledger::Timestamp;
use maud::{Markup, html};
use money::Delta;
use wallet::ids::OperationId;

use super::badge;
use crate::activity::{Kind, State};
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::when;

/// One operation in a list.
#[derive(Clone, Debug)]
pub struct Line {
    /// The operation.
    pub id: OperationId,
    /// What it does.
    pub kind: Kind,
    /// How far it came.
    pub state: State,
    /// The other side's name: shop, person, or bank card.
    pub other: String,
    /// When it began.
    pub at: Timestamp,
    /// What it changes for the reader: positive comes in.
    pub delta: Delta,
    /// The payer's note, may be empty.
    pub memo: String,
}

/// The icon of a kind.
pub(crate) const fn kind_icon(kind: Kind) -> Icon {
    match kind {
        Kind::TopUp
        | Kind::VoucherRedemption
        | Kind::CardUnload
        | Kind::CardRest
        | Kind::TransferPurseUnload => Icon::Down,
        Kind::Withdrawal | Kind::CardLoad | Kind::CardDue | Kind::TransferPurseLoad => Icon::Up,
        Kind::Transfer => Icon::Swap,
        Kind::Payment | Kind::EscrowPayment | Kind::EscrowRelease | Kind::VoucherSale | Kind::CardTakings => {
            Icon::Shop
        }
        Kind::Refund | Kind::EscrowRefund | Kind::VoucherReturn | Kind::CardReturns => Icon::Refund,
        Kind::Adjustment => Icon::Scale,
    }
}

/// Operations as a list, each a link to its detail.
pub(crate) fn lines(frame: &Frame, lines: &[Line]) -> Markup {
    html! {
        ul.lines {
            @for line in lines {
                li {
                    a.line href={ "/transactions/" (line.id) } {
                        span class={ "line-icon kind-" (line.kind.code()) } { (icon(kind_icon(line.kind))) }
                        span.line-text {
                            span.line-title { (line.other) }
                            span.line-note {
                                (frame.t(line.kind.key())) " · " (when::short(frame, line.at))
                                @if !line.memo.is_empty() { " · " (line.memo) }
                            }
                            @if line.state != State::Completed { span { (badge(frame, line.state)) } }
                        }
                        span.line-figure { (figure(frame, line)) }
                    }
                }
            }
        }
    }
}

/// A movement that did not happen is struck through and has no direction.
fn figure(frame: &Frame, line: &Line) -> Markup {
    match line.state {
        State::Declined | State::Reversed => {
            html! { s.muted { (figures::amount(frame, line.delta.magnitude())) } }
        }
        State::Started | State::Completed | State::Unknown | State::Held => {
            figures::movement(frame, line.delta)
        }
    }
}
