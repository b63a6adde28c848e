//! Which transfers each event of a card purse causes.
//!
//! | event | from | to |
//! |---|---|---|
//! | load begins | wallet | load |
//! | card credited it | load | purse |
//! | card did not | load | wallet |
//! | card gave value back | purse | wallet |
//! | debit cleared | purse | seller |
//! | cancel cleared, debit withdrawn | seller | purse |
//! | rest of a lost card | purse | wallet |
//! | part of a split sale that the card did not hold | advances | seller |
//! | its collection | wallet | advances |
//!
//! Where the purse's shadow balance does not reach, the excess account stands in for the rest, and is paid back first. A load
//! has one transfer for its end, whichever it is: its id says so. Several transfers of one event are a chain: all or none.

use ledger::{AccountId, Amount as Minor, Code, Transfer, TransferFlags, TransferId};
use messages::card::{BatchNumber, TerminalId};
use money::{Amount as Money, Currency};
use purse::{amount::Amount, fields::Sequence};
use wallet::{
    chart,
    ids::{OperationId, derive, derive_transfer},
    postings::decision_id,
    purse_chart::{self, PurseName},
};

use crate::{
    key_store::DebitTerms,
    purse_card::{Belief, KnownDebit},
    shadow::Parts,
    split_due::SplitDue,
};

/// A purse in the ledger: its accounts, which are derived once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PurseAccount {
    name: PurseName,
    currency: Currency,
    bits: u128,
    id: AccountId,
    excess: AccountId,
    register: AccountId,
    control: AccountId,
}

impl PurseAccount {
    /// The purse of this name; a unit of the card is a minor unit of the currency.
    #[must_use]
    pub fn new(name: PurseName, currency: Currency) -> Self {
        Self {
            name,
            currency,
            bits: name.bits(),
            id: purse_chart::purse_id(&name, currency),
            excess: purse_chart::excess_id(currency),
            register: purse_chart::register_id(currency),
            control: chart::refund_control_id(currency),
        }
    }

    fn transfer(
        &self,
        id: TransferId,
        (from, to): (AccountId, AccountId),
        amount: Amount,
        code: Code,
    ) -> Transfer {
        Transfer {
            id,
            debit_account_id: from,
            credit_account_id: to,
            amount: Minor(u128::from(amount.units())),
            user_data_128: self.bits,
            ledger: chart::money_ledger(self.currency),
            code,
            ..Transfer::default()
        }
    }

    /// From the purse, and from the excess account what it has not.
    fn out(&self, id: TransferId, to: AccountId, parts: Parts, code: Code) -> Vec<Transfer> {
        let legs = [(self.id, parts.own), (self.excess, parts.excess)];
        self.chain(id, code, legs.map(|(from, amount)| ((from, to), amount)))
    }

    /// To the excess account what is owed to it, and to the purse the rest.
    fn back(&self, id: TransferId, from: AccountId, parts: Parts, code: Code) -> Vec<Transfer> {
        let legs = [(self.excess, parts.excess), (self.id, parts.own)];
        self.chain(id, code, legs.map(|(to, amount)| ((from, to), amount)))
    }

    /// The legs that move something. The first has the event's id, whichever it is.
    fn chain(
        &self,
        id: TransferId,
        code: Code,
        legs: [((AccountId, AccountId), Amount); 2],
    ) -> Vec<Transfer> {
        let second = || second_leg_id(id);
        let ids = core::iter::once(id).chain(core::iter::once_with(second));
        let moving = legs.into_iter().filter(|(_, amount)| *amount != Amount::ZERO);
        linked(moving.zip(ids).map(|((way, amount), id)| self.transfer(id, way, amount, code)).collect())
    }
}

/// The transfer beside the one that bears an event's id, where purse and excess account both have a part in it.
#[must_use]
pub fn second_leg_id(first: TransferId) -> TransferId {
    derive_transfer("sycee transfer purse second leg v1", &[&first.0.to_be_bytes()])
}

/// Makes transfers one chain.
fn linked(mut transfers: Vec<Transfer>) -> Vec<Transfer> {
    if let Some((_, before)) = transfers.split_last_mut() {
        before.iter_mut().for_each(|transfer| transfer.flags |= TransferFlags::LINKED);
    }
    transfers
}

/// A load begins: the wallet's money waits on the load's account. Without it the card gets no MAC2.
#[must_use]
pub fn load_funded(purse: &PurseAccount, load: OperationId, wallet: AccountId, amount: Amount) -> Transfer {
    let way = (wallet, purse_chart::load_id(load));
    purse.transfer(decision_id(load), way, amount, chart::LOAD_FUNDED)
}

/// The transfer that ends a load, for the card or for its holder.
#[must_use]
pub fn load_ended_id(load: OperationId) -> TransferId {
    derive_transfer("sycee transfer purse load ended v1", &[&load.to_bytes()])
}

/// The card credited a load.
#[must_use]
pub fn load_credited(purse: &PurseAccount, load: OperationId, parts: Parts) -> Vec<Transfer> {
    purse.back(load_ended_id(load), purse_chart::load_id(load), parts, chart::LOAD_CREDITED)
}

/// The card did not credit a load, and never will.
#[must_use]
pub fn load_returned(purse: &PurseAccount, load: OperationId, wallet: AccountId, amount: Amount) -> Transfer {
    let way = (purse_chart::load_id(load), wallet);
    purse.transfer(load_ended_id(load), way, amount, chart::LOAD_RETURNED)
}

/// The card gave value back.
#[must_use]
pub fn unloaded(purse: &PurseAccount, unload: OperationId, wallet: AccountId, parts: Parts) -> Vec<Transfer> {
    purse.out(decision_id(unload), wallet, parts, chart::PURSE_UNLOAD)
}

/// The transfer of a debit: card and terminal's number, which its TAC covers.
#[must_use]
pub fn debit_id(purse: &PurseName, debit: &DebitTerms) -> TransferId {
    fact("sycee transfer purse debit v1", purse, debit)
}

fn fact(domain: &'static str, purse: &PurseName, debit: &DebitTerms) -> TransferId {
    let terms = &debit.terms;
    let parts: [&[u8]; 6] = [
        &purse.0,
        &terms.terminal.0,
        &debit.transaction.to_bytes(),
        &debit.when.0,
        &terms.amount.to_bytes(),
        &[terms.kind.byte()],
    ];
    derive_transfer(domain, &parts)
}

/// A debit is cleared. The first debit of a sequence takes it, on the memo ledger: whoever clears at the same time, no two
/// debits of one sequence are believed. What is inferred has an id of its own, so that it can be withdrawn and proven later.
#[must_use]
pub fn debit_cleared(
    purse: &PurseAccount,
    takes: Option<Sequence>,
    (known, belief): (&KnownDebit, Belief),
    parts: Parts,
) -> Vec<Transfer> {
    let id = match belief {
        Belief::Proven => debit_id(&purse.name, &known.debit),
        Belief::Inferred => fact("sycee transfer purse debit inferred v1", &purse.name, &known.debit),
    };
    let taken = takes.map(|sequence| Transfer {
        id: derive_transfer("sycee transfer purse sequence v1", &[&purse.name.0, &sequence.to_bytes()]),
        debit_account_id: purse.control,
        credit_account_id: purse.register,
        amount: Minor(1),
        user_data_128: id.0,
        ledger: chart::memo_ledger(purse.currency),
        code: chart::PURSE_DEBIT_TAKEN,
        ..Transfer::default()
    });
    let money = purse.out(id, known.seller, parts, chart::PURSE_DEBIT);
    linked(taken.into_iter().chain(money).collect())
}

/// A debit that was inferred is not believed any more.
#[must_use]
pub fn debit_withdrawn(purse: &PurseAccount, known: &KnownDebit, parts: Parts) -> Vec<Transfer> {
    let id = fact("sycee transfer purse debit withdrawn v1", &purse.name, &known.debit);
    purse.back(id, known.seller, parts, chart::PURSE_DEBIT_WITHDRAWN)
}

/// The card cancelled a debit that was cleared.
#[must_use]
pub fn cancel_cleared(purse: &PurseAccount, known: &KnownDebit, parts: Parts) -> Vec<Transfer> {
    let id = fact("sycee transfer purse cancel v1", &purse.name, &known.debit);
    purse.back(id, known.seller, parts, chart::PURSE_CANCEL)
}

/// What is left of a lost card goes to its holder's wallet, once.
#[must_use]
pub fn rest_refunded(purse: &PurseAccount, wallet: AccountId, rest: Amount) -> Transfer {
    let id = derive_transfer("sycee transfer purse rest v1", &[&purse.name.0]);
    purse.transfer(id, (purse.id, wallet), rest, chart::PURSE_REST)
}

/// The seller of a split sale gets the part that the card did not hold from the operator, once for each debit of the card.
#[must_use]
pub fn split_advanced(purse: &PurseAccount, due: &SplitDue, seller: AccountId) -> Transfer {
    let parts: [&[u8]; 2] = [&purse.name.0, &due.sequence.to_bytes()];
    let id = derive_transfer("sycee transfer split advanced v2", &parts);
    purse.transfer(id, (purse_chart::advances_id(purse.currency), seller), due.amount, chart::SPLIT_ADVANCED)
}

/// The wallet pays the part that it owed. Where the ledger refuses, it refuses for ever: the next try is another operation.
#[must_use]
pub fn split_collected(
    purse: &PurseAccount,
    collection: OperationId,
    wallet: AccountId,
    amount: Amount,
) -> Transfer {
    let way = (wallet, purse_chart::advances_id(purse.currency));
    purse.transfer(decision_id(collection), way, amount, chart::SPLIT_COLLECTED)
}

/// What a merchant pays for the purchases of a batch, once.
#[must_use]
pub fn batch_fee(terminal: TerminalId, batch: BatchNumber, seller: AccountId, fee: Money) -> Transfer {
    let parts: [&[u8]; 2] = [&terminal.0, &batch.to_bytes()];
    Transfer {
        id: derive_transfer("sycee transfer purse fee v1", &parts),
        debit_account_id: seller,
        credit_account_id: purse_chart::fees_id(fee.currency()),
        amount: Minor(u128::from(fee.minor())),
        user_data_128: derive("sycee purse batch v1", &parts),
        ledger: chart::money_ledger(fee.currency()),
        code: chart::PURSE_FEE,
        ..Transfer::default()
    }
}
