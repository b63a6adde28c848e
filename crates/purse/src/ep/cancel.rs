//! Cancel of the last purchase: the same terminal gives back what it took, before anything else happened.
//!
//! The card allows it once, for the purchase that was its last transaction of any kind, to the terminal and in the amount of
//! that purchase; the key is not that of purchases. So a cancel never gives back more than was taken, and never twice.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun},
    contents::Which,
    load::Initialisation,
    log::Proof,
    purchase::Debit,
    state::{LastPurchase, Pocket},
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, done, ensure},
    fields::{Kind, Random, Sequence, TerminalId, Terms},
    nvm::Nvm,
    pboc::{key, session::SessionKey, transaction},
};

impl<N: Nvm> Application<N> {
    /// 80 50 0A 02: initialises a cancel.
    pub(super) fn initialise_cancel(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let asked = Initialisation::read(command, 0x0F)?;
        ensure(command.p2 == 0x02, StatusWord::WRONG_P1_P2)?;
        self.ensure_works()?;
        self.key::<key::Cancel>(asked.key_index)?;
        let pocket = *self.contents().pocket(Which::Purse);
        ensure(pocket.offline != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        self.balance_after_cancel(asked.amount, asked.terminal)?;
        self.answer_offline::<key::Cancel>(asked.begun(Which::Purse, Kind::Cancel, random), &pocket)
    }

    /// 80 54 0A 00: processes a cancel, with the data and the answer of a debit.
    pub(super) fn credit_for_cancel(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let credit = Debit::read(command)?;
        let begun = begun.filter(|begun| begun.terms.kind == Kind::Cancel).ok_or(StatusWord::NOT_ACCEPTED)?;
        let Terms { amount, terminal, .. } = begun.terms;
        let pocket = *self.contents().pocket(Which::Purse);
        let (key, algorithm) = self.key::<key::Cancel>(begun.key_index)?;
        let codes = self.code_key()?;
        let balance = self.balance_after_cancel(amount, terminal)?;
        let offline = pocket.offline.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        ensure(credit.when.date() <= self.contents().limits.expiry, StatusWord::CONDITIONS_NOT_MET)?;
        let session = SessionKey::offline(&key, algorithm, begun.random, pocket.offline, credit.transaction);
        let right = transaction::purchase_mac1(&session, &begun.terms, &credit.when);
        // It gives value: the tries count, as for a host.
        self.check_host(|| right == credit.mac1, StatusWord::TRANSACTION_MAC_WRONG)?;

        let tac = transaction::purchase_tac(&codes, &begun.terms, credit.transaction, &credit.when);
        let mac2 = transaction::purchase_mac2(&session, amount);
        let mut next = self.next_after_host(super::contents::Life::Active);
        next.purse = Pocket { balance, offline, ..pocket };
        next.last_purchase = LastPurchase::NONE;
        let proof = Proof { kind: Kind::Cancel, sequence: pocket.offline, mac: mac2, tac };
        Self::note(&mut next, Which::Purse, &begun.terms, &credit.when, proof);
        self.finish(next)?;
        done(&[&tac.0.0, &mac2.0])
    }

    fn balance_after_cancel(&self, amount: Amount, terminal: TerminalId) -> Result<Amount, Refusal> {
        let contents = self.contents();
        let is_last = contents.last_purchase == LastPurchase(Some((amount, terminal)));
        // What a split sale took is given back online, with the part that the online account paid.
        ensure(is_last && !contents.split.is_open, StatusWord::CONDITIONS_NOT_MET)?;
        Ok(contents.purse.balance.checked_add(amount).ok_or(StatusWord::CONDITIONS_NOT_MET)?)
    }
}
