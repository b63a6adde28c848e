//! The transfer: start, req, val, ack, resume, abort.

use globalplatform::{apdu::Command, status::StatusWord};
use pki::PublicKey;

use super::{
    application::Application,
    contents::{Contents, Status, Transfer},
    counterpart::ensure_empty,
    logs::Entry,
    message::{Message, MessageKind},
    pay_details::{PayDetails, Side, TransferSequence},
    rules::Rule,
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, data, done, ensure, expect_le},
    nvm::Nvm,
};

/// How long the answer with a message is.
const MESSAGE: u8 = 112;

impl<N: Nvm> Application<N> {
    /// 90 22: the payer remembers the pay details.
    pub(super) fn start_from(&mut self, command: &Command<'_>) -> Answer {
        self.start(&data::<{ PayDetails::BYTES }>(command, 0)?, Side::From)?;
        done(&[])
    }

    /// 90 24: the payee remembers the pay details and asks for the value.
    pub(super) fn start_to(&mut self, command: &Command<'_>) -> Answer {
        self.start(&data::<{ PayDetails::BYTES }>(command, MESSAGE)?, Side::To)?;
        self.send(MessageKind::Req)
    }

    fn start(&mut self, details: &[u8; PayDetails::BYTES], side: Side) -> Result<(), Refusal> {
        let details = PayDetails::from_bytes(details).ok_or(StatusWord::WRONG_DATA)?;
        let counterpart = self.take_counterpart(details.opposite(side))?;
        let (contents, rules) = (self.contents(), self.session.rules);
        let (own, sequence) = details.on(side);
        let is_own = rules.keeps(Rule::OwnSide, own == contents.purse);
        ensure(is_own, StatusWord::WRONG_DATA)?;
        ensure(rules.keeps(Rule::TwoPurses, details.from != details.to), StatusWord::WRONG_DATA)?;
        let after = contents.next_sequence.next().ok_or(StatusWord(0x9402))?;
        let is_fresh = rules.keeps(Rule::FreshSequence, sequence == contents.next_sequence);
        ensure(is_fresh, StatusWord::CONDITIONS_NOT_MET)?;
        ensure(details.amount > Amount::ZERO, StatusWord::WRONG_DATA)?;
        let (credentials, _) = contents.usable_credentials().ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        self.ensure_allowed(&details, side)?;
        let mut next = contents.clone();
        self.give_up(&mut next)?;
        ensure(rules.keeps(Rule::LogSpace, !next.exceptions.is_full()), StatusWord::NOT_ENOUGH_SPACE)?;
        if !rules.breaks(Rule::SequenceGrows) {
            next.next_sequence = after;
        }
        next.status = match side {
            Side::From => Status::Epr,
            Side::To => Status::Epv,
        };
        next.transfer = Some(Transfer { side, details, counterpart: counterpart.key, credentials });
        self.journal.commit(next)?;
        Ok(())
    }

    /// Refuses what lock, pocket, series, funds or limits do not allow.
    fn ensure_allowed(&self, details: &PayDetails, side: Side) -> Result<(), Refusal> {
        let (contents, rules) = (self.contents(), self.session.rules);
        let pocket = contents.pockets.iter().find(|pocket| pocket.holds(details.currency, details.series));
        let pocket = pocket.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let is_on = !contents.switched_off.series().contains(&details.series);
        ensure(rules.keeps(Rule::SeriesIsOn, is_on), StatusWord::CONDITIONS_NOT_MET)?;
        match side {
            Side::From => {
                ensure(rules.keeps(Rule::Unlocked, !contents.lock.is_locked), StatusWord::SECURITY_STATUS)?;
                let has = pocket.balance >= details.amount;
                ensure(rules.keeps(Rule::Funds, has), StatusWord(0x9401))?;
            }
            Side::To => {
                ensure(pocket.after_credit(details.amount).is_some(), StatusWord::CONDITIONS_NOT_MET)?;
            }
        }
        let is_allowed = rules.keeps(Rule::Limits, pocket.allows(details, side));
        ensure(is_allowed, StatusWord::CONDITIONS_NOT_MET)
    }

    /// 90 26: the payer debits, once, and sends val.
    pub(super) fn take_req(&mut self, command: &Command<'_>) -> Answer {
        let details = self.accept(command, MESSAGE, Side::From, MessageKind::Req)?;
        let debits = self.session.rules.keeps(Rule::DebitOnce, self.contents().status == Status::Epr);
        match self.contents().status {
            Status::Epr | Status::Epa if debits => {
                let mut next = self.contents().clone();
                if !self.session.rules.breaks(Rule::DebitBeforeVal) {
                    self.debit(&mut next, &details)?;
                }
                next.status = Status::Epa;
                self.journal.commit(next)?;
            }
            Status::Epa => {}
            _ => return Err(StatusWord::CONDITIONS_NOT_MET.into()),
        }
        self.send(MessageKind::Val)
    }

    fn debit(&self, next: &mut Contents, details: &PayDetails) -> Result<(), Refusal> {
        let pocket = next.pocket_mut(details.currency, details.series);
        let pocket = pocket.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let after = pocket.balance.checked_sub(details.amount);
        ensure(self.session.rules.keeps(Rule::Funds, after.is_some()), StatusWord(0x9401))?;
        pocket.balance = after.unwrap_or(Amount::ZERO);
        pocket.sent = pocket.sent.checked_add(details.amount).unwrap_or(Amount::MAX);
        Ok(())
    }

    /// 90 28: the payee credits, once, and sends ack.
    pub(super) fn take_val(&mut self, command: &Command<'_>) -> Answer {
        let details = self.accept(command, MESSAGE, Side::To, MessageKind::Val)?;
        let credits_again = self.session.rules.breaks(Rule::CreditOnce);
        match self.contents().status {
            Status::EaTo if !credits_again => {}
            Status::Epv | Status::EaTo => {
                let mut next = self.contents().clone();
                let pocket = next.pocket_mut(details.currency, details.series);
                let pocket = pocket.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
                pocket.balance = pocket.after_credit(details.amount).ok_or(StatusWord::CONDITIONS_NOT_MET)?;
                pocket.received = pocket.received.checked_add(details.amount).unwrap_or(Amount::MAX);
                if self.session.rules.breaks(Rule::OneCommit) {
                    self.journal.commit(next.clone())?;
                }
                next.status = Status::EaTo;
                next.transfers.append_over_oldest(Entry { side: Side::To, details });
                self.journal.commit(next)?;
            }
            _ => return Err(StatusWord::CONDITIONS_NOT_MET.into()),
        }
        self.send(MessageKind::Ack)
    }

    /// 90 2A: the payer is done.
    pub(super) fn take_ack(&mut self, command: &Command<'_>) -> Answer {
        let details = self.accept(command, 0, Side::From, MessageKind::Ack)?;
        match self.contents().status {
            Status::Epa => {
                let mut next = self.contents().clone();
                if self.session.rules.breaks(Rule::DebitBeforeVal) {
                    self.debit(&mut next, &details)?;
                }
                next.status = Status::EaFrom;
                next.transfers.append_over_oldest(Entry { side: Side::From, details });
                self.journal.commit(next)?;
            }
            Status::EaFrom => {}
            _ => return Err(StatusWord::CONDITIONS_NOT_MET.into()),
        }
        done(&[])
    }

    /// The pay details of a message that belongs to the transfer that was started on this side.
    fn accept(
        &self,
        command: &Command<'_>,
        answer: u8,
        side: Side,
        kind: MessageKind,
    ) -> Result<PayDetails, Refusal> {
        let message = data::<{ Message::BYTES }>(command, answer)?;
        let message = Message::from_bytes(&message).ok_or(StatusWord::WRONG_DATA)?;
        let transfer = self.contents().transfer.ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        ensure(transfer.side == side, StatusWord::CONDITIONS_NOT_MET)?;
        let is_same = self.session.rules.keeps(Rule::SameDetails, message.details == transfer.details);
        ensure(is_same, StatusWord::CONDITIONS_NOT_MET)?;
        let key = PublicKey::from_bytes(&transfer.counterpart).ok_or(StatusWord::MEMORY_FAILURE)?;
        let is_signed = self.session.rules.keeps(Rule::SignedByCounterpart, message.is_signed(kind, &key));
        ensure(is_signed, StatusWord::MAC_WRONG)?;
        Ok(message.details)
    }

    /// Signs and answers a message of the transfer that was started last.
    fn send(&self, kind: MessageKind) -> Answer {
        done(&[&self.signed(kind)?.to_bytes()])
    }

    fn signed(&self, kind: MessageKind) -> Result<Message, StatusWord> {
        let transfer = self.contents().transfer.ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        let credentials = self.contents().credentials.get(usize::from(transfer.credentials));
        let key = credentials.ok_or(StatusWord::MEMORY_FAILURE)?.key();
        Message::signed(kind, transfer.details, &key).ok_or(StatusWord::MEMORY_FAILURE)
    }

    /// 90 2C: what the purse has to say about the transfer that was started last, again. Nothing changes.
    pub(super) fn resume(&self, command: &Command<'_>) -> Answer {
        ensure_empty(command)?;
        expect_le(command, 1 + MESSAGE)?;
        let side = self.contents().transfer.map(|transfer| transfer.side);
        let kind = match (self.contents().status, side) {
            (Status::Epv, Some(_)) => MessageKind::Req,
            (Status::Epa, Some(_)) => MessageKind::Val,
            (Status::EaTo, Some(Side::To)) => MessageKind::Ack,
            _ => return done(&[&[0]]),
        };
        done(&[&[kind.byte()], &self.signed(kind)?.to_bytes()])
    }

    /// 90 2E: gives up what is under way, and logs it where value may be lost.
    pub(super) fn abort(&mut self, command: &Command<'_>) -> Answer {
        ensure_empty(command)?;
        let mut next = self.contents().clone();
        self.give_up(&mut next)?;
        self.journal.commit(next)?;
        done(&[])
    }

    /// Logs where value may be lost, and forgets. What has ended already stays, to be answered again.
    fn give_up(&self, next: &mut Contents) -> Result<(), Refusal> {
        let Some(transfer) = next.transfer.filter(|_| !next.status.is_idle()) else { return Ok(()) };
        let is_logged = match next.status {
            Status::Epa => !self.session.rules.breaks(Rule::PayerLogs),
            Status::Epv => !self.session.rules.breaks(Rule::PayeeLogs),
            _ => false,
        };
        let entry = Entry { side: transfer.side, details: transfer.details };
        if is_logged {
            let is_there = next.exceptions.append(entry).is_some();
            ensure(self.session.rules.keeps(Rule::LogSpace, is_there), StatusWord::NOT_ENOUGH_SPACE)?;
        }
        if self.session.rules.breaks(Rule::AbortForgets) {
            return Ok(());
        }
        next.transfer = None;
        next.status = match transfer.side {
            Side::From => Status::EaFrom,
            Side::To => Status::EaTo,
        };
        Ok(())
    }
}

impl Contents {
    /// Whether no transfer can be started ever again.
    #[must_use]
    pub fn is_at_its_end(&self) -> bool {
        self.next_sequence == TransferSequence::END
    }
}
