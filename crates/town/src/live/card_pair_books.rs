//! The books of the cards that pay each other: what they hold, and what the ledger says that they hold.

use std::collections::{BTreeMap, BTreeSet};

use issuer::transfer_purse::exception_id;
use ledger::TransferId;
use messages::card::Asn;
use operations::card_purses::{CardPurseState, transfer_purse, transfer_purse_visit, view};
use operations::{OperationError, Operations};
use purse::vtp::{Entry, PayDetails, Side};

use super::card_books::{holder_name, label};
use super::card_pairs::PayingCard;

/// A card with what the ledger knows of it.
pub(super) struct Line {
    pub(super) card: PayingCard,
    pub(super) label: String,
    /// What came to it, and it has not fetched.
    pub(super) waiting: u64,
    /// What it has given back, and not shown to have given.
    given: u64,
}

/// Σ balances + not fetched + on its way = what the ledger says.
#[derive(Default)]
pub(super) struct Books {
    pub(super) lines: Vec<Line>,
    /// What was loaded and is not given back, as the ledger says.
    pub(super) float: i128,
    /// What payers showed to have given up: amounts by the names in the ledger.
    noted: BTreeMap<TransferId, u64>,
    /// What of that came back to its payer.
    given_back: BTreeSet<TransferId>,
}

impl Books {
    pub(super) fn on_cards(&self) -> i128 {
        self.lines.iter().map(|line| i128::from(line.card.balance.units())).sum()
    }

    pub(super) fn waiting(&self) -> i128 {
        self.lines.iter().map(|line| i128::from(line.waiting)).sum()
    }

    /// What has left one card and has come to no other one, and not back; and what has left one for a wallet.
    pub(super) fn under_way(&self) -> i128 {
        let mut left = self.noted.clone();
        let paid = self.lines.iter().flat_map(|line| &line.card.paid);
        left.extend(paid.map(|details| (name(details), details.amount.units().into())));
        let received: BTreeSet<TransferId> =
            self.lines.iter().flat_map(|line| &line.card.received).map(name).collect();
        left.retain(|name, _| !received.contains(name) && !self.given_back.contains(name));
        let given = self.lines.iter().map(|line| line.given);
        left.into_values().chain(given).map(i128::from).sum()
    }

    pub(super) fn difference(&self) -> i128 {
        self.float - self.on_cards() - self.waiting() - self.under_way()
    }

    pub(super) fn label_of(&self, purse: pki::SubjectId) -> &str {
        let found =
            self.lines.iter().find(|line| transfer_purse::serial_of(purse).0 == line.card.lying.asn.0);
        found.map_or("", |line| &line.label)
    }
}

/// What a payment is called in the ledger where its payer gives it up.
fn name(details: &PayDetails) -> TransferId {
    exception_id(&Entry { side: Side::From, details: *details })
}

/// Counts the cards, and asks the ledger.
pub(super) async fn books(operations: &Operations, cards: Vec<PayingCard>) -> Result<Books, OperationError> {
    let mut books = Books::default();
    for card in cards {
        let asn = Asn(card.lying.asn.0);
        let known = view::get(operations, asn).await?;
        let brought = transfer_purse_visit::brought(operations, asn, known.currency).await?;
        let unloads = transfer_purse_visit::unloads(operations, asn, known.currency).await?;
        let loads = brought.iter().filter(|one| !one.is_given_back).map(|load| load.amount.minor());
        let ended = unloads.iter().filter(|unload| unload.is_ended).map(|unload| unload.amount.minor());
        books.float += loads.map(i128::from).sum::<i128>() - ended.map(i128::from).sum::<i128>();
        for exception in transfer_purse_visit::paid_exceptions(operations, asn, known.currency).await? {
            books.noted.insert(exception.id, exception.amount.minor());
            books.given_back.extend(exception.is_given_back.then_some(exception.id));
        }
        let is_waiting = |number: u32| number >= card.messages_taken;
        let waiting = brought.iter().filter(|one| is_waiting(one.number)).map(|one| one.amount.minor());
        let given = unloads.iter().filter(|unload| !unload.is_ended && !is_waiting(unload.number));
        let given = given.map(|unload| unload.amount.minor()).sum();
        let waiting = waiting.sum();
        let label = label(&card.lying.name, &holder_name(operations, known.holder).await?);
        if known.state != CardPurseState::Made {
            books.lines.push(Line { card, label, waiting, given });
        }
    }
    Ok(books)
}
