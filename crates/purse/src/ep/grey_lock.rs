//! Grey lock: value is reserved before the price is known, as at a fuel pump, and any terminal that holds the signed amount
//! can finish.
//!
//! INIT and LOCK reserve the whole pocket: nothing else touches it. DEBIT FOR UNLOCK takes the amount that the locking
//! terminal signed under the session key of the lock, which the card keeps; the issuer can also unlock online without it.
//! The manual's field lists contradict themselves and no public vector exists: the layouts are those of the reference, and
//! what it leaves open is decided here.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun},
    contents::{Life, Which},
    load::Initialisation,
    log::Proof,
    state::{GreyLock, LastPurchase, Pocket, Spent},
};
use crate::{
    amount::Amount,
    answer::{Answer, data, done, ensure},
    bytes::Reader,
    fields::{DateTime, Kind, Mac, Random, Sequence, Tac, TerminalId, TerminalTransaction, Terms},
    nvm::Nvm,
    pboc::{
        grey_lock::{self as codes, Lock},
        key,
        session::{SessionKey, session_block},
        transaction,
    },
};

impl<N: Nvm> Application<N> {
    /// E0 7A: INIT FOR GREY LOCK (P1 08) or for online unlock (P1 09).
    pub(super) fn initialise_grey(&mut self, command: &Command<'_>, random: [u8; 8]) -> Answer {
        let [a, b, c, d, ..] = random;
        match command.p1 {
            0x08 => self.initialise_lock(command, Random([a, b, c, d])),
            0x09 => self.initialise_online_unlock(command, Random([a, b, c, d])),
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    /// E0 7C: LOCK (P1 08) or online unlock (P1 09).
    pub(super) fn process_grey(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        match (command.p1, command.p2) {
            (0x08, 0x00) => self.lock_grey(command, begun),
            (0x09, 0x00) => self.unlock_online(command, begun),
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    fn initialise_lock(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let [key_index, terminal @ ..]: [u8; 7] = data(command, 0x0F)?;
        let which = Self::which(command)?;
        self.ensure_works()?;
        self.ensure_pin(which == Which::Deposit && self.contents().profile.deposit_needs_pin)?;
        self.key::<key::Purchase>(key_index)?;
        let pocket = *self.contents().pocket(which);
        ensure(pocket.offline != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        let kind = if which == Which::Deposit { Kind::GreyLockDeposit } else { Kind::GreyLock };
        let asked = Initialisation { key_index, amount: Amount::ZERO, terminal: TerminalId(terminal) };
        self.answer_offline::<key::Purchase>(asked.begun(which, kind, random), &pocket)
    }

    /// LOCK: terminal transaction number ‖ terminal random ‖ date ‖ time ‖ MAC1. Answer: GTAC ‖ MAC2.
    fn lock_grey(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let [a, b, c, d, e, f, g, h, rest @ ..]: [u8; 19] = data(command, 0x08)?;
        let [when @ .., i, j, k, l] = rest;
        let (transaction, terminal_random) =
            (TerminalTransaction::from_bytes([a, b, c, d]), Random([e, f, g, h]));
        let (when, mac1) = (DateTime(when), Mac([i, j, k, l]));
        let begun = begun
            .filter(|begun| matches!(begun.terms.kind, Kind::GreyLock | Kind::GreyLockDeposit))
            .ok_or(StatusWord::NOT_ACCEPTED)?;
        let Begun { which, terms, .. } = begun;
        let contents = self.contents();
        let pocket = *contents.pocket(which);
        let record = self.key_record::<key::Purchase>(begun.key_index)?;
        let tag = record.algorithm;
        let (key, algorithm) = self.key::<key::Purchase>(begun.key_index)?;
        let code_key = self.code_key()?;
        let offline = pocket.offline.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        ensure(when.date() <= contents.limits.expiry, StatusWord::CONDITIONS_NOT_MET)?;
        let block = session_block(begun.random, pocket.offline, transaction.low());
        let session = SessionKey::grey_lock(&key, algorithm, block, terminal_random);
        let lock = Lock { kind: terms.kind, terminal: terms.terminal, transaction, when };
        ensure(codes::lock_mac1(&session, &lock) == mac1, StatusWord::TRANSACTION_MAC_WRONG)?;

        let mac = codes::lock_mac2(&session, pocket.balance, pocket.offline);
        let tac = codes::lock_tac(&code_key, pocket.balance, pocket.offline, &lock);
        let mut kept = [0; 16];
        for (place, byte) in kept.iter_mut().zip(session.expose()) {
            *place = *byte;
        }
        let mut next = contents.clone();
        *next.pocket_mut(which) = Pocket { offline, ..pocket };
        next.last_purchase = LastPurchase::NONE;
        next.grey_lock = GreyLock {
            kind: Some(terms.kind),
            terminal: terms.terminal,
            transaction,
            sequence: pocket.offline,
            session: kept,
            algorithm: tag,
        };
        next.proofs.keep(Proof { kind: terms.kind, sequence: pocket.offline, mac, tac });
        self.finish(next)?;
        done(&[&tac.0.0, &mac.0])
    }

    /// E0 7E 08: DEBIT FOR UNLOCK, amount ‖ sequence ‖ terminal ‖ its transaction number ‖ date ‖ time ‖ GMAC. Answer: TAC.
    pub(super) fn debit_for_unlock(&mut self, command: &Command<'_>) -> Answer {
        let data: [u8; 27] = data(command, 0x04)?;
        ensure(command.p1 == 0x08, StatusWord::WRONG_P1_P2)?;
        let which = Self::which(command)?;
        self.ensure_active()?;
        let unlock = Unlock::read(&data).ok_or(StatusWord::WRONG_LENGTH)?;
        let contents = self.contents();
        let lock = contents.grey_lock.clone();
        let locked = lock.kind.ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        let kind = match (locked, which) {
            (Kind::GreyLockDeposit, Which::Deposit) => Kind::DebitForUnlockDeposit,
            (Kind::GreyLock, Which::Purse) => Kind::DebitForUnlock,
            _ => return Err(StatusWord::CONDITIONS_NOT_MET.into()),
        };
        let pocket = *contents.pocket(which);
        let balance = pocket.balance.checked_sub(unlock.amount);
        // The manual: amount or sequence that do not fit are 9406.
        ensure(unlock.sequence == lock.sequence, StatusWord::PROOF_NOT_AVAILABLE)?;
        ensure(lock.terminal == unlock.terminal, StatusWord::PROOF_NOT_AVAILABLE)?;
        ensure(lock.transaction == unlock.transaction, StatusWord::PROOF_NOT_AVAILABLE)?;
        let balance = balance.ok_or(StatusWord::PROOF_NOT_AVAILABLE)?;
        let spent = contents.spent.after(unlock.amount, &contents.limits).unwrap_or(contents.spent);
        let session = SessionKey::from_bytes(contents.profile.algorithm(lock.algorithm), lock.session);
        ensure(
            codes::unlock_gmac(&session, unlock.amount) == unlock.gmac,
            StatusWord::TRANSACTION_MAC_WRONG,
        )?;

        let terms = Terms { amount: unlock.amount, kind, terminal: unlock.terminal };
        let tac = transaction::purchase_tac(&self.code_key()?, &terms, unlock.transaction, &unlock.when);
        let mut next = contents.clone();
        *next.pocket_mut(which) = Pocket { balance, ..pocket };
        next.spent = spent;
        next.grey_lock = GreyLock::NONE;
        let proof = Proof { kind, sequence: lock.sequence, mac: Mac::default(), tac };
        Self::note(&mut next, which, &terms, &unlock.when, proof);
        self.finish(next)?;
        done(&[&tac.0.0])
    }

    /// E0 7A 09: key index ‖ terminal, answered as an unload, with MAC1 of the whole balance under DULK.
    fn initialise_online_unlock(&mut self, command: &Command<'_>, random: Random) -> Answer {
        let [key_index, terminal @ ..]: [u8; 7] = data(command, 0x10)?;
        let which = Self::which(command)?;
        self.ensure_active()?;
        let kind = match (self.contents().grey_lock.kind, which) {
            (Some(Kind::GreyLockDeposit), Which::Deposit) => Kind::OnlineUnlockDeposit,
            (Some(Kind::GreyLock), Which::Purse) => Kind::OnlineUnlock,
            _ => return Err(StatusWord::CONDITIONS_NOT_MET.into()),
        };
        let (key, algorithm) = self.key::<key::Unload>(key_index)?;
        let pocket = *self.contents().pocket(which);
        ensure(pocket.online != Sequence::END, StatusWord::COUNTER_EXHAUSTED)?;
        let asked = Initialisation { key_index, amount: Amount::ZERO, terminal: TerminalId(terminal) };
        let begun = asked.begun(which, kind, random);
        let session = SessionKey::online(&key, algorithm, random, pocket.online);
        let mac1 = transaction::load_mac1(&session, pocket.balance, &begun.terms);
        self.answer_online::<key::Unload>(begun, &pocket, mac1)
    }

    /// E0 7C 09: amount that the issuer takes for the reserved sale ‖ date ‖ time ‖ MAC2 under DULK. Answer: MAC3.
    fn unlock_online(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        let [a, b, c, d, when @ .., e, f, g, h]: [u8; 15] = data(command, 0x04)?;
        let (amount, when, mac2) = (Amount::from_bytes([a, b, c, d]), DateTime(when), Mac([e, f, g, h]));
        let begun = begun
            .filter(|begun| matches!(begun.terms.kind, Kind::OnlineUnlock | Kind::OnlineUnlockDeposit))
            .ok_or(StatusWord::NOT_ACCEPTED)?;
        let which = begun.which;
        let terms = Terms { amount, ..begun.terms };
        let pocket = *self.contents().pocket(which);
        let (key, algorithm) = self.key::<key::Unload>(begun.key_index)?;
        let balance = pocket.balance.checked_sub(amount).ok_or(StatusWord::BALANCE_NOT_ENOUGH)?;
        let online = pocket.online.next().ok_or(StatusWord::COUNTER_EXHAUSTED)?;
        let session = SessionKey::online(&key, algorithm, begun.random, pocket.online);
        let right = transaction::load_mac2(&session, &terms, &when);
        self.check_host(|| right == mac2, StatusWord::TRANSACTION_MAC_WRONG)?;

        let mac3 = transaction::unload_mac3(&session, balance, pocket.online, &terms, &when);
        let mut next = self.next_after_host(Life::Active);
        *next.pocket_mut(which) = Pocket { balance, online, ..pocket };
        next.spent = Spent::NOTHING;
        next.grey_lock = GreyLock::NONE;
        let proof = Proof { kind: terms.kind, sequence: pocket.online, mac: mac3, tac: Tac::default() };
        Self::note(&mut next, which, &terms, &when, proof);
        self.finish(next)?;
        done(&[&mac3.0])
    }
}

/// What DEBIT FOR UNLOCK says.
struct Unlock {
    amount: Amount,
    sequence: Sequence,
    terminal: TerminalId,
    transaction: TerminalTransaction,
    when: DateTime,
    gmac: Mac,
}

impl Unlock {
    fn read(data: &[u8; 27]) -> Option<Self> {
        let mut reader = Reader::new(data);
        Some(Self {
            amount: Amount::from_bytes(reader.take()?),
            sequence: Sequence::from_bytes(reader.take()?),
            terminal: TerminalId(reader.take()?),
            transaction: TerminalTransaction::from_bytes(reader.take()?),
            when: DateTime(reader.take()?),
            gmac: Mac(reader.take()?),
        })
    }
}
