//! The clients: what they asked for, what they were told, and what they may therefore rely on.
//!
//! They are the second, independent check: whatever crashed or arrived twice, the ledger must hold exactly what the
//! clients were told, and must never tell them something else later.

use std::collections::BTreeMap;

use ledger::AccountId;
use operations::OperationError;
use records::operations::OperationState;
use wallet::ids::OperationId;

use crate::economy::EventNumber;
use crate::perform::Ask;

/// A request, by its place in [`Clients`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestIndex(pub usize);

/// What a client may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Final {
    /// The value moved.
    Completed(OperationId),
    /// The value did not move and never will.
    NotDone,
    /// The request itself was refused, and nothing was noted about it.
    Refused,
}

/// What an answer means to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It ended.
    Final(Final),
    /// The key stands for another body.
    KeyReused,
    /// Ask again later with the same key.
    AskAgain,
    /// An answer that no client may ever get.
    Fault,
}

/// What an answer of the operations means to a client.
#[must_use]
pub const fn meaning_of(answer: &Result<operations::Receipt, OperationError>) -> Meaning {
    match answer {
        Ok(receipt) => match receipt.state {
            OperationState::Completed => Meaning::Final(Final::Completed(receipt.id)),
            OperationState::Declined | OperationState::Reversed => Meaning::Final(Final::NotDone),
            OperationState::Started | OperationState::Unknown | OperationState::Held => Meaning::AskAgain,
        },
        Err(OperationError::KeyReused) => Meaning::KeyReused,
        Err(OperationError::KeyInProgress | OperationError::Unavailable(_)) => Meaning::AskAgain,
        Err(OperationError::Inconsistent(_)) => Meaning::Fault,
        Err(_) => Meaning::Final(Final::Refused),
    }
}

/// A request and what became of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What was asked.
    pub ask: Ask,
    /// The event of the economy that it comes from.
    pub event: EventNumber,
    /// What the client was told at last.
    pub told: Option<Final>,
    /// How often it was sent.
    pub sent: u32,
    /// Whether a client waits for its answer.
    pub is_waiting: bool,
}

/// All clients.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    requests: Vec<Request>,
    by_event: BTreeMap<EventNumber, RequestIndex>,
    balances: BTreeMap<AccountId, i128>,
    /// What was paid, and what of it came back.
    payments: BTreeMap<OperationId, (u64, u64)>,
    waiting: usize,
}

impl Clients {
    /// Adds a request, for whose answer a client waits from now on.
    pub fn begin(&mut self, ask: Ask, event: EventNumber) -> RequestIndex {
        let index = RequestIndex(self.requests.len());
        self.requests.push(Request { ask, event, told: None, sent: 0, is_waiting: true });
        self.by_event.insert(event, index);
        self.waiting += 1;
        index
    }

    /// The request.
    #[must_use]
    pub fn request(&self, index: RequestIndex) -> &Request {
        &self.requests[index.0]
    }

    /// The request of an event, if it was made.
    #[must_use]
    pub fn of_event(&self, event: EventNumber) -> Option<RequestIndex> {
        self.by_event.get(&event).copied()
    }

    /// Notes that the request was sent once more.
    pub fn note_sent(&mut self, index: RequestIndex) -> u32 {
        let request = &mut self.requests[index.0];
        request.sent += 1;
        request.sent
    }

    /// How many requests there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.requests.len()
    }

    /// Whether some client still waits for a final answer.
    #[must_use]
    pub const fn anybody_waits(&self) -> bool {
        self.waiting > 0
    }

    /// Every request.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter()
    }

    /// What an account must hold by what the clients were told.
    pub fn balances(&self) -> impl Iterator<Item = (AccountId, i128)> {
        self.balances.iter().map(|(account, balance)| (*account, *balance))
    }

    /// Notes a final answer.
    ///
    /// # Errors
    /// Says in words where it contradicts an earlier answer, or gives back more than was paid.
    pub fn told(&mut self, index: RequestIndex, told: Final) -> Result<(), String> {
        let request = &mut self.requests[index.0];
        if request.is_waiting {
            request.is_waiting = false;
            self.waiting -= 1;
        }
        match request.told {
            None | Some(Final::Refused) => request.told = Some(told),
            Some(before) if before == told => return Ok(()),
            Some(before) => {
                return Err(format!(
                    "event {} was told {before:?} and later {told:?} ({:?})",
                    request.event.0, request.ask
                ));
            }
        }
        if let Final::Completed(operation) = told {
            let ask = request.ask;
            return self.move_value(operation, &ask);
        }
        Ok(())
    }

    fn move_value(&mut self, operation: OperationId, ask: &Ask) -> Result<(), String> {
        let minor = ask.amount().minor();
        if let Some(giver) = ask.giver() {
            *self.balances.entry(giver).or_insert(0) -= i128::from(minor);
        }
        if let Some(receiver) = ask.receiver() {
            *self.balances.entry(receiver).or_insert(0) += i128::from(minor);
        }
        match ask {
            Ask::Pay { .. } => {
                self.payments.insert(operation, (minor, 0));
            }
            Ask::Refund { operation: payment, .. } => {
                let (paid, refunded) = self.payments.entry(*payment).or_insert((0, 0));
                *refunded += minor;
                if refunded > paid {
                    return Err(format!("payment {payment}: {refunded} came back of {paid} paid"));
                }
            }
            Ask::TopUp { .. } | Ask::Transfer { .. } | Ask::Withdraw { .. } => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Clients, Final, RequestIndex};
    use crate::economy::EventNumber;
    use crate::perform::Ask;
    use money::{Amount, Currency};
    use wallet::ids::{HolderId, MerchantId, OperationId};

    fn yuan(fen: u64) -> Amount {
        Amount::from_minor(fen, Currency::CNY).unwrap()
    }

    fn paid(clients: &mut Clients) -> RequestIndex {
        let (payer, merchant) = (HolderId::new(1), MerchantId::new(2));
        let index =
            clients.begin(Ask::Pay { payer, merchant, amount: yuan(850), memo: "面" }, EventNumber(0));
        clients.told(index, Final::Completed(OperationId::new(7))).unwrap();
        index
    }

    #[test]
    fn another_answer_to_the_same_request_is_noticed() {
        let mut clients = Clients::default();
        let index = paid(&mut clients);
        assert!(clients.told(index, Final::Completed(OperationId::new(7))).is_ok());
        assert!(clients.told(index, Final::NotDone).is_err());
    }

    #[test]
    fn refunds_beyond_the_payment_are_noticed() {
        let mut clients = Clients::default();
        paid(&mut clients);
        let ask = Ask::Refund {
            merchant: MerchantId::new(2),
            payer: HolderId::new(1),
            operation: OperationId::new(7),
            amount: yuan(500),
        };
        let first = clients.begin(ask, EventNumber(1));
        let second = clients.begin(ask, EventNumber(2));
        assert!(clients.told(first, Final::Completed(OperationId::new(8))).is_ok());
        assert!(clients.told(second, Final::Completed(OperationId::new(9))).is_err());
    }

    #[test]
    fn a_completed_payment_moves_value_from_payer_to_merchant_once() {
        let mut clients = Clients::default();
        let index = paid(&mut clients);
        clients.told(index, Final::Completed(OperationId::new(7))).unwrap();
        let mut balances: Vec<i128> = clients.balances().map(|(_, balance)| balance).collect();
        balances.sort_unstable();
        assert_eq!(balances, [-850, 850]);
        assert!(!clients.anybody_waits());
    }
}
