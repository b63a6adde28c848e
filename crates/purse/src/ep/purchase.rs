//! Debits at a terminal, signed by its security module: purchase, cash, compound purchase.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun, Cache},
    contents::{Contents, Which},
    files::{FileKind, Place, RECORD_BYTES_MAX},
    integrated_payment::{SPLIT_FILE, open_split},
    load::Initialisation,
    log::Proof,
    state::{LastPurchase, Pocket},
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, data, done, ensure},
    fields::{DateTime, Kind, Mac, Random, Sequence, TerminalTransaction, Terms},
    nvm::Nvm,
    pboc::{key, session::SessionKey, transaction},
};

/// What a security module signs a debit with: its transaction number ‖ date ‖ time ‖ MAC1.
pub(super) struct Debit {
    pub(super) transaction: TerminalTransaction,
    pub(super) when: DateTime,
    pub(super) mac1: Mac,
}

impl Debit {
    pub(super) fn read(command: &Command<'_>) -> Result<Self, Refusal> {
        let data: [u8; 15] = data(command, 0x08)?;
        let [a, b, c, d, when @ .., e, f, g, h] = data;
        Ok(Self {
            transaction: TerminalTransaction::from_bytes([a, b, c, d]),
            when: DateTime(when),
            mac1: Mac([e, f, g, h]),
        })
    }
}

impl<N: Nvm> Application<N> {
    /// 80 50 01, 02, 03: INITIALIZE FOR PURCHASE, CASH WITHDRAW, CAPP PURCHASE.
    pub(super) fn initialise_purchase(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let asked = Initialisation::read(command, 0x0F)?;
        let which = Self::which(command)?;
        let kind = match (command.p1, which) {
            (0x01, Which::Deposit) => Kind::PurchaseDeposit,
            (0x01, Which::Purse) => Kind::Purchase,
            (0x02, Which::Deposit) => Kind::Cash,
            (0x03, Which::Purse) => Kind::CompoundPurchase,
            _ => return Err(StatusWord::WRONG_P1_P2.into()),
        };
        self.ensure_works()?;
        self.ensure_pin(which == Which::Deposit && self.contents().profile.deposit_needs_pin)?;
        self.key::<key::Purchase>(asked.key_index)?;
        let pocket = *self.contents().pocket(which);
        ensure(pocket.offline != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        ensure(asked.amount != Amount::ZERO || kind == Kind::CompoundPurchase, StatusWord::WRONG_DATA)?;
        ensure(asked.amount <= pocket.balance, StatusWord::BALANCE_NOT_ENOUGH)?;
        let spent = self.contents().spent.after(asked.amount, &self.contents().limits);
        ensure(spent.is_some(), StatusWord::CONDITIONS_NOT_MET)?;
        self.answer_offline::<key::Purchase>(asked.begun(which, kind, random), &pocket)
    }

    /// The answer to the initialisation of a debit or cancel; it is begun from now on.
    pub(super) fn answer_offline<P: key::Purpose>(&mut self, begun: Begun, pocket: &Pocket) -> Answer {
        let record = self.key_record::<P>(begun.key_index)?;
        let response = done(&[
            &pocket.balance.to_bytes(),
            &pocket.offline.to_bytes(),
            &pocket.overdraft.to_bytes(),
            &[record.version, record.algorithm],
            &begun.random.0,
        ])?;
        self.session.begun = Some(begun);
        Ok(response)
    }

    /// 80 54 01 00: DEBIT FOR PURCHASE, CASH WITHDRAW, CAPP PURCHASE.
    pub(super) fn debit_for_purchase(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let debit = Debit::read(command)?;
        let begun = begun.filter(|begun| is_debit(begun.terms.kind)).ok_or(StatusWord::NOT_ACCEPTED)?;
        let Begun { which, terms, .. } = begun;
        let contents = self.contents();
        let pocket = *contents.pocket(which);
        let (key, algorithm) = self.key::<key::Purchase>(begun.key_index)?;
        let codes = self.code_key()?;
        let has_record = begun.split.is_some() || begun.caches.iter().any(Option::is_some);
        ensure(has_record || terms.kind != Kind::CompoundPurchase, StatusWord::CONDITIONS_NOT_MET)?;
        let balance = pocket.balance.checked_sub(terms.amount).ok_or(StatusWord::BALANCE_NOT_ENOUGH)?;
        let offline = pocket.offline.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        let spent =
            contents.spent.after(terms.amount, &contents.limits).ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        ensure(debit.when.date() <= contents.limits.expiry, StatusWord::CONDITIONS_NOT_MET)?;
        let session = SessionKey::offline(&key, algorithm, begun.random, pocket.offline, debit.transaction);
        let right = transaction::purchase_mac1(&session, &terms, &debit.when);
        ensure(right == debit.mac1, StatusWord::TRANSACTION_MAC_WRONG)?;

        let tac = transaction::purchase_tac(&codes, &terms, debit.transaction, &debit.when);
        let mac2 = transaction::purchase_mac2(&session, terms.amount);
        let mut next = contents.clone();
        *next.pocket_mut(which) = Pocket { balance, offline, ..pocket };
        next.spent = spent;
        next.last_purchase = last_purchase(&terms);
        write_records(&mut next, &begun, &debit.when, pocket.offline)?;
        let proof = Proof { kind: terms.kind, sequence: pocket.offline, mac: mac2, tac };
        Self::note(&mut next, which, &terms, &debit.when, proof);
        self.finish(next)?;
        done(&[&tac.0.0, &mac2.0])
    }

    /// 80 DC: UPDATE CAPP DATA CACHE. Nothing is written before the debit; an error kills what was begun.
    pub(super) fn cache_record(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let mut begun = begun
            .filter(|begun| begun.terms.kind == Kind::CompoundPurchase)
            .ok_or(StatusWord::NOT_ACCEPTED)?;
        let data = command.data();
        ensure(!data.is_empty(), StatusWord::WRONG_LENGTH)?;
        if command.p2 == SPLIT_FILE << 3 | 0x04 {
            self.cache_split(command, &mut begun)?;
        } else {
            let place = self.cached_place(command)?;
            let record_bytes =
                self.contents().files.record_bytes(place).ok_or(StatusWord::RECORD_NOT_FOUND)?;
            ensure(data.len() <= usize::from(record_bytes), StatusWord::WRONG_LENGTH)?;
            let mut content = [0; RECORD_BYTES_MAX];
            content.get_mut(..data.len()).ok_or(StatusWord::WRONG_LENGTH)?.copy_from_slice(data);
            let cache = Cache { place, content, length: command.lc() };
            let slot = begun
                .caches
                .iter_mut()
                .find(|slot| slot.as_ref().is_none_or(|other| other.place == place))
                .ok_or(StatusWord::NOT_ENOUGH_SPACE)?;
            *slot = Some(cache);
        }
        self.session.begun = Some(begun);
        done(&[])
    }

    /// Which record P1 and P2 name: by identifier, by number, or the next of a cyclic file.
    fn cached_place(&self, command: &Command<'_>) -> Result<Place, Refusal> {
        let files = &self.contents().files;
        let sfi = command.p2 >> 3;
        let place = match (files.kind(sfi), command.p2 & 0x07) {
            (None | Some(FileKind::Transparent), _) => return Err(StatusWord::FILE_NOT_FOUND.into()),
            (Some(FileKind::Cyclic), 0x00 | 0x04) => files.place_of_next(sfi),
            (Some(FileKind::Records), 0x04) => files.place_of_number(sfi, command.p1),
            (Some(FileKind::Records), 0x00) => {
                // A record that is found by its identifier keeps it.
                ensure(command.data().first() == Some(&command.p1), StatusWord::WRONG_DATA)?;
                files.place_of_identifier(sfi, command.p1)
            }
            _ => return Err(StatusWord::WRONG_P1_P2.into()),
        };
        Ok(place.ok_or(StatusWord::RECORD_NOT_FOUND)?)
    }
}

const fn is_debit(kind: Kind) -> bool {
    matches!(kind, Kind::Cash | Kind::PurchaseDeposit | Kind::Purchase | Kind::CompoundPurchase)
}

/// What can be cancelled after a debit: a purchase from the purse that took something.
fn last_purchase(terms: &Terms) -> LastPurchase {
    let can_be_cancelled =
        matches!(terms.kind, Kind::Purchase | Kind::CompoundPurchase) && terms.amount != Amount::ZERO;
    LastPurchase(can_be_cancelled.then_some((terms.amount, terms.terminal)))
}

/// The records of a compound purchase.
fn write_records(
    next: &mut Contents,
    begun: &Begun,
    when: &DateTime,
    sequence: Sequence,
) -> Result<(), Refusal> {
    if let Some(split) = &begun.split {
        open_split(next, split, when, sequence)?;
    }
    for cache in begun.caches.iter().flatten() {
        let content = cache.content.get(..usize::from(cache.length)).unwrap_or_default();
        next.files.write_record(cache.place, content).ok_or(StatusWord::RECORD_NOT_FOUND)?;
    }
    Ok(())
}
