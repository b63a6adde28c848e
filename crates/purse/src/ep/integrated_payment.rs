//! Integrated payment: a sale of which the card pays a part offline and the holder's online account owes the rest.
//!
//! The terminal caches a split record in a compound purchase; debit and record are one commit. While a split is open no
//! other can be opened. The issuer closes it by a token that any terminal may deliver: it is bound to card, order and
//! sequence, and delivering it again changes nothing. How much may be owed stands in the grade, which the issuer signs.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{
    application::{Application, Begun},
    contents::Contents,
    state::{Grade, Split},
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, data, done, ensure},
    bytes::{Reader, Writer},
    fields::{DateTime, OrderId, Sequence},
    nvm::Nvm,
    own,
    pboc::{key, secure_messaging::is_equal_token_mac},
};

/// Short file identifier under which a split record is cached.
pub const SPLIT_FILE: u8 = 0x17;

impl<N: Nvm> Application<N> {
    /// 80 DC 01 BC: the split record of a compound purchase.
    pub(super) fn cache_split(&self, command: &Command<'_>, begun: &mut Begun) -> Result<(), Refusal> {
        let record: [u8; 28] = data(command, 0)?;
        let split = own::read_split_record(record).ok_or(StatusWord::WRONG_DATA)?;
        ensure(command.p1 == 0x01, StatusWord::RECORD_NOT_FOUND)?;
        ensure(split.due != Amount::ZERO, StatusWord::WRONG_DATA)?;
        ensure(begun.split.is_none(), StatusWord::NOT_ENOUGH_SPACE)?;
        let contents = self.contents();
        ensure(!contents.split.is_open, StatusWord::CONDITIONS_NOT_MET)?;
        ensure(split.due <= contents.grade.due_max, StatusWord::CONDITIONS_NOT_MET)?;
        begun.split = Some(split);
        Ok(())
    }

    /// 80 CA 00 01: state of the split (1 open, 0 not) ‖ payer ‖ due ‖ order ‖ sequence ‖ grade ‖ most that may be owed ‖
    /// expiry ‖ version ‖ TAC of the split.
    pub(super) fn split_and_grade(&self, command: &Command<'_>) -> Answer {
        let [] = data(command, 46)?;
        ensure(command.p1 == 0 && command.p2 == 1, StatusWord::WRONG_P1_P2)?;
        let mut answer = [0; 42];
        let mut writer = Writer::new(&mut answer);
        self.contents().split.write(&mut writer);
        self.contents().grade.write(&mut writer);
        let tac = own::split_tac(&self.code_key()?, &self.contents().split);
        done(&[&answer, &tac.0.0])
    }

    /// 80 DE 00 00: closes the open split by a token of the issuer, order ‖ sequence ‖ MAC. Again for the split that was
    /// closed last: 9000, and nothing changes.
    pub(super) fn complete_split(&mut self, command: &Command<'_>) -> Answer {
        let data: [u8; 26] = data(command, 0)?;
        ensure(command.p1 == 0 && command.p2 == 0, StatusWord::WRONG_P1_P2)?;
        self.ensure_active()?;
        let mut reader = Reader::new(&data);
        let order = OrderId(reader.take().ok_or(StatusWord::WRONG_LENGTH)?);
        let sequence = Sequence::from_bytes(reader.take().ok_or(StatusWord::WRONG_LENGTH)?);
        let mac = reader.take().ok_or(StatusWord::WRONG_LENGTH)?;
        let contents = self.contents();
        let is_this = contents.split.order == order && contents.split.sequence == sequence;
        ensure(is_this && contents.split.due != Amount::ZERO, StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let right =
            own::completion_mac(&self.first_key::<key::Completion>()?, &contents.asn(), &order, sequence);
        ensure(is_equal_token_mac(right, mac), StatusWord::MAC_WRONG)?;
        let mut next = contents.clone();
        next.split.is_open = false;
        self.journal.commit(next)?;
        done(&[])
    }

    /// 80 DA 00 00: a new grade, signed by the issuer. An older version than the card's is refused; the same changes nothing.
    pub(super) fn update_grade(&mut self, command: &Command<'_>) -> Answer {
        let data: [u8; 19] = data(command, 0)?;
        ensure(command.p1 == 0 && command.p2 == 0, StatusWord::WRONG_P1_P2)?;
        self.ensure_active()?;
        let mut reader = Reader::new(&data);
        let grade = Grade::read(&mut reader).ok_or(StatusWord::WRONG_LENGTH)?;
        let mac = reader.take().ok_or(StatusWord::WRONG_LENGTH)?;
        let contents = self.contents();
        let right = own::grade_mac(&self.first_key::<key::Grade>()?, &contents.asn(), &grade);
        ensure(is_equal_token_mac(right, mac), StatusWord::MAC_WRONG)?;
        let is_known = grade == contents.grade;
        ensure(is_known || grade.version > contents.grade.version, StatusWord::CONDITIONS_NOT_MET)?;
        let mut next = contents.clone();
        next.grade = grade;
        self.journal.commit(next)?;
        done(&[])
    }
}

/// Opens the split of a purchase; the grade must still hold on the day of the sale.
pub(super) fn open_split(
    next: &mut Contents,
    split: &Split,
    when: &DateTime,
    sequence: Sequence,
) -> Result<(), Refusal> {
    ensure(when.date() <= next.grade.expiry, StatusWord::CONDITIONS_NOT_MET)?;
    next.split = Split { sequence, ..*split };
    Ok(())
}
