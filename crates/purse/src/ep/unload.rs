//! Unload: value goes back to the issuer online.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun},
    contents::{Life, Which},
    load::{Initialisation, host_data},
    log::Proof,
    state::{LastPurchase, Pocket, Spent},
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, done, ensure},
    fields::{Kind, Random, Sequence, Tac},
    nvm::Nvm,
    pboc::{key, session::SessionKey, transaction},
};

impl<N: Nvm> Application<N> {
    /// 80 50 05: INITIALIZE FOR UNLOAD. Only own value can be unloaded, never an overdraft.
    pub(super) fn initialise_unload(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let asked = Initialisation::read(command, 0x10)?;
        let which = Self::which(command)?;
        self.ensure_works()?;
        self.ensure_pin(which == Which::Deposit && self.contents().profile.deposit_needs_pin)?;
        let (key, algorithm) = self.key::<key::Unload>(asked.key_index)?;
        let pocket = *self.contents().pocket(which);
        ensure(pocket.online != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        ensure(asked.amount != Amount::ZERO, StatusWord::WRONG_DATA)?;
        balance_after_unload(&pocket, asked.amount)?;
        let begun = asked.begun(which, Kind::Unload, random);
        let session = SessionKey::online(&key, algorithm, random, pocket.online);
        let mac1 = transaction::load_mac1(&session, pocket.balance, &begun.terms);
        self.answer_online::<key::Unload>(begun, &pocket, mac1)
    }

    /// 80 54 03 00: DEBIT FOR UNLOAD. The host pays out only for MAC3.
    pub(super) fn debit_for_unload(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let (when, mac2) = host_data(command, 0x04)?;
        let begun = begun.filter(|begun| begun.terms.kind == Kind::Unload).ok_or(StatusWord::NOT_ACCEPTED)?;
        let Begun { which, terms, .. } = begun;
        let pocket = *self.contents().pocket(which);
        let (key, algorithm) = self.key::<key::Unload>(begun.key_index)?;
        let balance = balance_after_unload(&pocket, terms.amount)?;
        let online = pocket.online.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        let session = SessionKey::online(&key, algorithm, begun.random, pocket.online);
        let right = transaction::load_mac2(&session, &terms, &when);
        self.check_host(|| right == mac2, StatusWord::TRANSACTION_MAC_WRONG)?;

        let mac3 = transaction::unload_mac3(&session, balance, pocket.online, &terms, &when);
        let mut next = self.next_after_host(Life::Active);
        *next.pocket_mut(which) = Pocket { balance, online, ..pocket };
        next.spent = Spent::NOTHING;
        next.last_purchase = LastPurchase::NONE;
        let proof = Proof { kind: terms.kind, sequence: pocket.online, mac: mac3, tac: Tac::default() };
        Self::note(&mut next, which, &terms, &when, proof);
        self.finish(next)?;
        done(&[&mac3.0])
    }
}

fn balance_after_unload(pocket: &Pocket, amount: Amount) -> Result<Amount, Refusal> {
    ensure(pocket.own_value() >= i64::from(amount.units()), StatusWord::BALANCE_NOT_ENOUGH)?;
    Ok(pocket.balance.checked_sub(amount).ok_or(StatusWord::BALANCE_NOT_ENOUGH)?)
}
