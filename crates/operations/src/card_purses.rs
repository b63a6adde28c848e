//! Card purses on the server: issuing, loads, clearing, lists, lost cards.
//!
//! What the issuer's host decides is pure ([`issuer`]); here its cards are stored, and its transfers are made:
//!
//! 1. A card is read with its revision. What was decided of it before, and the ledger has not made yet, is made first.
//! 2. The host decides. Card, operations of history, and the transfers are written in one step, unless somebody else has
//!    written the card meanwhile: then all of it is decided anew.
//! 3. The ledger makes the transfers; only then are they forgotten.
//!
//! So what one card does has one order, which its revisions count, and the ledger follows it. A crash anywhere leaves a
//! decision that is not written, and never was; or one that is written, and is made as soon as somebody looks at the card,
//! and at the next start-up check.
//!
//! * [`keys`]: the issuer's keys, from ceremonies. [`issuing`]: batches of cards, personalisation. [`binding`]: a card gets its
//!   holder.
//! * [`loads`]: load orders, loads and unloads at terminals. [`clearing`]: batches of terminals.
//! * [`dues`]: what wallets owe of split sales.
//! * [`terminals`], [`lists`]: who takes cards, and which. [`lost`], [`exceptions`], [`equation`]: what is not as it should be.
//! * [`grades`]: how much the holder of a card is trusted with. [`identity`]: how well it is known who a holder is.
//! * [`transfer_purse`]: the part of a card that pays other cards; [`transfer_purse_renewal`]: its certificates.
//! * [`view`]: what people see of a card.

pub mod binding;
mod card_store;
mod card_time;
pub(crate) mod change;
pub mod clearing;
pub mod dues;
pub mod equation;
pub mod exceptions;
pub mod grades;
pub mod identity;
pub mod issuing;
pub mod keys;
pub mod lists;
pub mod loads;
pub mod lost;
mod made;
mod personalisation;
pub(crate) mod rebuilt;
mod refusal;
mod stored_bytes;
pub mod terminals;
pub mod transfer_purse;
pub mod transfer_purse_renewal;
pub mod transfer_purse_visit;
pub mod view;

pub use issuer::key_store::Direction;
pub use records::card_purses::{CardListing, CardPurseState};
pub use refusal::CardPurseRefusal;

/// The issuer of the cards that are made here, as it stands on them.
pub const ISSUER: messages::card::IssuerId = messages::card::IssuerId(*b"SYCE\x00\x00\x00\x01");

/// What a crash left: transfers that were decided are made, and what was begun long ago without an answer is given up. Says
/// how much that was.
///
/// # Errors
/// What could not be reached.
pub(crate) async fn resume(
    operations: &crate::Operations,
    idle_since: ledger::Timestamp,
) -> Result<u64, crate::OperationError> {
    made::rest(operations).await?;
    let abandoned = loads::abandon_idle(operations, idle_since).await?;
    let collected = dues::collect(operations).await?;
    lists::issue_if_changed(operations).await?;
    Ok(abandoned.saturating_add(collected))
}
