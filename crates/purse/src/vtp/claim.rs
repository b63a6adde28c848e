//! What the issuer gives back when both holders bring their exception logs.

use super::{logs::Entry, pay_details::Side};

/// Whether two entries of exception logs prove that the value left the payer and never came to the payee. The issuer
/// then gives it to the payer, once, under the pay details as the name of the fact.
///
/// One entry alone proves nothing: the other purse may have ended the transfer.
#[must_use]
pub fn is_lost(payer: &Entry, payee: &Entry) -> bool {
    payer.side == Side::From && payee.side == Side::To && payer.details == payee.details
}
