//! Load: value comes onto the card online, signed by the issuer's host.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun},
    contents::{Life, Which},
    log::Proof,
    state::{LastPurchase, Limits, Pocket, Spent},
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, data, done, ensure},
    fields::{DateTime, Kind, Mac, Random, Sequence, TerminalId, Terms},
    nvm::Nvm,
    pboc::{key, session::SessionKey, transaction},
};

/// What the data of an initialisation says: key index ‖ amount ‖ terminal.
pub(super) struct Initialisation {
    pub(super) key_index: u8,
    pub(super) amount: Amount,
    pub(super) terminal: TerminalId,
}

impl Initialisation {
    pub(super) fn read(command: &Command<'_>, answer: u8) -> Result<Self, Refusal> {
        let data: [u8; 11] = data(command, answer)?;
        let [key_index, a, b, c, d, terminal @ ..] = data;
        Ok(Self { key_index, amount: Amount::from_bytes([a, b, c, d]), terminal: TerminalId(terminal) })
    }

    pub(super) const fn begun(&self, which: Which, kind: Kind, random: Random) -> Begun {
        Begun {
            which,
            terms: Terms { amount: self.amount, kind, terminal: self.terminal },
            key_index: self.key_index,
            random,
            caches: [None, None],
            split: None,
            pockets: (0, 0),
        }
    }
}

/// What a host sends to process a transaction: date ‖ time ‖ MAC2.
pub(super) fn host_data(command: &Command<'_>, answer: u8) -> Result<(DateTime, Mac), Refusal> {
    let data: [u8; 11] = data(command, answer)?;
    let [when @ .., a, b, c, d] = data;
    Ok((DateTime(when), Mac([a, b, c, d])))
}

impl<N: Nvm> Application<N> {
    /// 80 50 00: INITIALIZE FOR LOAD.
    pub(super) fn initialise_load(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let asked = Initialisation::read(command, 0x10)?;
        let which = Self::which(command)?;
        self.ensure_works()?;
        self.ensure_pin(self.contents().profile.load_needs_pin)?;
        let (key, algorithm) = self.key::<key::Load>(asked.key_index)?;
        let pocket = *self.contents().pocket(which);
        ensure(pocket.online != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        ensure(asked.amount != Amount::ZERO, StatusWord::WRONG_DATA)?;
        balance_after_load(&pocket, asked.amount, &self.contents().limits)?;
        let kind = if which == Which::Deposit { Kind::LoadDeposit } else { Kind::LoadPurse };
        let begun = asked.begun(which, kind, random);
        let session = SessionKey::online(&key, algorithm, random, pocket.online);
        let mac1 = transaction::load_mac1(&session, pocket.balance, &begun.terms);
        self.answer_online::<key::Load>(begun, &pocket, mac1)
    }

    /// The answer to the initialisation of a load or unload; it is begun from now on.
    pub(super) fn answer_online<P: key::Purpose>(
        &mut self,
        begun: Begun,
        pocket: &Pocket,
        mac1: Mac,
    ) -> Answer {
        let record = self.key_record::<P>(begun.key_index)?;
        let response = done(&[
            &pocket.balance.to_bytes(),
            &pocket.online.to_bytes(),
            &[record.version, record.algorithm],
            &begun.random.0,
            &mac1.0,
        ])?;
        self.session.begun = Some(begun);
        Ok(response)
    }

    /// 80 52 00 00: CREDIT FOR LOAD.
    pub(super) fn credit_for_load(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let (when, mac2) = host_data(command, 0x04)?;
        let begun = begun
            .filter(|begun| matches!(begun.terms.kind, Kind::LoadDeposit | Kind::LoadPurse))
            .ok_or(StatusWord::NOT_ACCEPTED)?;
        let Begun { which, terms, .. } = begun;
        let pocket = *self.contents().pocket(which);
        let (key, algorithm) = self.key::<key::Load>(begun.key_index)?;
        let codes = self.code_key()?;
        let balance = balance_after_load(&pocket, terms.amount, &self.contents().limits)?;
        let online = pocket.online.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        let session = SessionKey::online(&key, algorithm, begun.random, pocket.online);
        let right = transaction::load_mac2(&session, &terms, &when);
        self.check_host(|| right == mac2, StatusWord::TRANSACTION_MAC_WRONG)?;

        let tac = transaction::load_tac(&codes, balance, pocket.online, &terms, &when);
        let mut next = self.next_after_host(Life::Active);
        *next.pocket_mut(which) = Pocket { balance, online, ..pocket };
        next.spent = Spent::NOTHING;
        next.last_purchase = LastPurchase::NONE;
        let proof = Proof { kind: terms.kind, sequence: pocket.online, mac: Mac::default(), tac };
        Self::note(&mut next, which, &terms, &when, proof);
        self.finish(next)?;
        done(&[&tac.0.0])
    }
}

/// The balance after a load. An overdraft that is used is paid back first, so that it does not count against the limit.
fn balance_after_load(pocket: &Pocket, amount: Amount, limits: &Limits) -> Result<Amount, Refusal> {
    let balance = pocket.balance.checked_add(amount).ok_or(StatusWord::CONDITIONS_NOT_MET)?;
    let own_value = Pocket { balance, ..*pocket }.own_value();
    ensure(own_value <= i64::from(limits.balance_max.units()), StatusWord::CONDITIONS_NOT_MET)?;
    Ok(balance)
}
