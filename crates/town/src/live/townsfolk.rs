//! The people as clients of the system: they turn events into requests and remember which payments can be refunded.

use std::collections::BTreeMap;

use operations::{OperationError, Receipt};
use records::operations::OperationState;
use wallet::ids::{HolderId, MerchantId, OperationId, PrincipalId};

use crate::economy::{Action, Event, EventNumber};
use crate::founding::Residents;
use crate::perform::{Ask, Envelope};

/// Payments that are remembered for a refund: those of about two days.
const REMEMBERED: usize = 2_000;

/// A payment that may come back.
#[derive(Clone, Copy, Debug)]
struct Paid {
    operation: OperationId,
    payer: HolderId,
    merchant: MerchantId,
}

/// The people.
#[derive(Debug)]
pub(super) struct Townsfolk {
    residents: Residents,
    /// What their idempotency keys begin with: different for each life of the process.
    life: String,
    paid: BTreeMap<EventNumber, Paid>,
}

impl Townsfolk {
    /// The people with these ids.
    #[must_use]
    pub(super) fn new(residents: Residents, life: &str) -> Self {
        Self { residents, life: life.to_owned(), paid: BTreeMap::new() }
    }

    /// The request of an event; `None` for the refund of a payment that did not happen.
    #[must_use]
    pub(super) fn request_of(&self, event: &Event) -> Option<(Envelope, Ask)> {
        let residents = &self.residents;
        let mut staff = PrincipalId::new(0);
        let mut payee_login = String::new();
        let ask = match event.action {
            Action::Pay { payer, shop, amount, memo } => {
                Ask::Pay { payer: residents.holder(payer), merchant: residents.shop(shop), amount, memo }
            }
            Action::TopUp { holder, card, amount } => {
                Ask::TopUp { holder: residents.holder(holder), card: residents.card(holder, card), amount }
            }
            Action::Withdraw { holder, card, amount } => {
                Ask::Withdraw { holder: residents.holder(holder), card: residents.card(holder, card), amount }
            }
            Action::Transfer { payer, payee, amount, memo } => {
                let payee = residents.holder(payee);
                residents.login(payee).clone_into(&mut payee_login);
                Ask::Transfer { payer: residents.holder(payer), payee, amount, memo }
            }
            Action::Refund { payment, amount, .. } => {
                let Paid { operation, payer, merchant } = *self.paid.get(&payment)?;
                staff = residents.staff(merchant);
                Ask::Refund { merchant, payer, operation, amount }
            }
        };
        let key = format!("{}-{}", self.life, event.number.0).parse().ok()?;
        Some((Envelope { key, staff, payee_login }, ask))
    }

    /// Remembers what came of an event.
    pub(super) fn learn(&mut self, event: &Event, answer: &Result<Receipt, OperationError>) {
        let Action::Pay { payer, shop, .. } = event.action else { return };
        let Ok(Receipt { id, state: OperationState::Completed, .. }) = answer else { return };
        let (payer, merchant) = (self.residents.holder(payer), self.residents.shop(shop));
        self.paid.insert(event.number, Paid { operation: *id, payer, merchant });
        if self.paid.len() > REMEMBERED {
            self.paid.pop_first();
        }
    }
}
