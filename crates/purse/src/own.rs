//! The MACs of this system's own transactions, as pure functions: cancel, conversion, parameters, completion, grade.
//!
//! PBOC has none of these. They use commands, kinds and keys of their own, so that no PBOC message can pass for one of them.

use crate::{
    amount::Amount,
    bytes::{Reader, Writer},
    ep::{Grade, Limits, Split},
    fields::{Asn, DateTime, Kind, Mac, OrderId, Sequence, Tac, TerminalId},
    pboc::{
        key::{Dgk, Dsk},
        secure_messaging::token_mac,
        session::SessionKey,
    },
};

/// A conversion as the card asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversionTerms {
    /// Pocket that pays: 0 the purse, 1 to 4 a further one.
    pub from: u8,
    /// Pocket that receives.
    pub to: u8,
    /// How much goes from the one.
    pub amount: Amount,
    /// Where.
    pub terminal: TerminalId,
}

/// How much of the receiving currency one unit of the paying currency is: `numerator / denominator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversionRate {
    /// Units received …
    pub numerator: u32,
    /// … for so many units paid.
    pub denominator: u32,
}

impl ConversionRate {
    /// What is received for an amount; what is left over after division stays with the issuer. `None` where it does not
    /// fit, or the denominator is zero.
    #[must_use]
    pub fn convert(self, amount: Amount) -> Option<Amount> {
        let product = u64::from(amount.units()).checked_mul(u64::from(self.numerator))?;
        let received = product.checked_div(u64::from(self.denominator))?;
        u32::try_from(received).ok().map(Amount::new)
    }

    /// Numerator ‖ denominator.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        let ([a, b, c, d], [e, f, g, h]) = (self.numerator.to_be_bytes(), self.denominator.to_be_bytes());
        [a, b, c, d, e, f, g, h]
    }

    /// Reads [`Self::to_bytes`].
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = bytes;
        Self { numerator: u32::from_be_bytes([a, b, c, d]), denominator: u32::from_be_bytes([e, f, g, h]) }
    }
}

impl ConversionTerms {
    fn message(&self) -> [u8; 13] {
        let mut message = [0; 13];
        let mut writer = Writer::new(&mut message);
        writer.put(&[self.from, self.to]);
        writer.put(&self.amount.to_bytes());
        writer.byte(Kind::Conversion.byte());
        writer.put(&self.terminal.0);
        message
    }
}

/// MAC1 of a conversion, by the card: both balances ‖ terms.
#[must_use]
pub fn conversion_mac1(session: &SessionKey, balances: [Amount; 2], terms: &ConversionTerms) -> Mac {
    let [from, to] = balances.map(Amount::to_bytes);
    session.mac(&[&from, &to, &terms.message()])
}

/// MAC2 of a conversion, by the host: terms ‖ rate ‖ date ‖ time.
#[must_use]
pub fn conversion_mac2(
    session: &SessionKey,
    terms: &ConversionTerms,
    rate: ConversionRate,
    when: &DateTime,
) -> Mac {
    session.mac(&[&terms.message(), &rate.to_bytes(), &when.0])
}

/// TAC of a conversion, by the card: both new balances ‖ sequence ‖ terms ‖ date ‖ time.
#[must_use]
pub fn conversion_tac(
    codes: &SessionKey,
    new_balances: [Amount; 2],
    sequence: Sequence,
    terms: &ConversionTerms,
    when: &DateTime,
) -> Tac {
    let [from, to] = new_balances.map(Amount::to_bytes);
    codes.tac(&[&from, &to, &sequence.to_bytes(), &terms.message(), &when.0])
}

/// MAC1 of new parameters, by the card: old limits ‖ 0C ‖ terminal.
#[must_use]
pub fn parameters_mac1(session: &SessionKey, old: &Limits, terminal: &TerminalId) -> Mac {
    session.mac(&[&old.to_bytes(), &[Kind::Parameters.byte()], &terminal.0])
}

/// MAC2 of new parameters, by the host: new limits ‖ 0C ‖ terminal ‖ date ‖ time.
#[must_use]
pub fn parameters_mac2(session: &SessionKey, new: &Limits, terminal: &TerminalId, when: &DateTime) -> Mac {
    session.mac(&[&new.to_bytes(), &[Kind::Parameters.byte()], &terminal.0, &when.0])
}

/// TAC of new parameters, by the card: sequence ‖ new limits ‖ 0C ‖ terminal ‖ date ‖ time.
#[must_use]
pub fn parameters_tac(
    codes: &SessionKey,
    sequence: Sequence,
    new: &Limits,
    terminal: &TerminalId,
    when: &DateTime,
) -> Tac {
    codes.tac(&[&sequence.to_bytes(), &new.to_bytes(), &[Kind::Parameters.byte()], &terminal.0, &when.0])
}

/// What a white list carries to close the open split of a card, signed by the issuer: order ‖ offline sequence ‖ MAC.
#[must_use]
pub fn completion_token(key: &Dsk, asn: &Asn, order: &OrderId, sequence: Sequence) -> [u8; 26] {
    let mut token = [0; 26];
    let mut writer = Writer::new(&mut token);
    writer.put(&order.0);
    writer.put(&sequence.to_bytes());
    writer.put(&completion_mac(key, asn, order, sequence));
    token
}

/// The MAC of a completion: "close" ‖ serial number ‖ order ‖ offline sequence.
#[must_use]
pub fn completion_mac(key: &Dsk, asn: &Asn, order: &OrderId, sequence: Sequence) -> [u8; 8] {
    token_mac(key, &[b"close", &asn.0, &order.0, &sequence.to_bytes()])
}

/// What carries a grade to a card, signed by the issuer: grade ‖ most that may be owed ‖ expiry ‖ version ‖ MAC.
#[must_use]
pub fn grade_token(key: &Dgk, asn: &Asn, grade: &Grade) -> [u8; 19] {
    signed_grade(grade, grade_mac(key, asn, grade))
}

/// As [`grade_token`], where the MAC was made by a store of keys.
#[must_use]
pub fn signed_grade(grade: &Grade, mac: [u8; 8]) -> [u8; 19] {
    let mut token = [0; 19];
    let mut writer = Writer::new(&mut token);
    grade.write(&mut writer);
    writer.put(&mac);
    token
}

/// The MAC of a grade: "grade" ‖ serial number ‖ grade ‖ most that may be owed ‖ expiry ‖ version.
#[must_use]
pub fn grade_mac(key: &Dgk, asn: &Asn, grade: &Grade) -> [u8; 8] {
    let mut message = [0; Grade::BYTES];
    grade.write(&mut Writer::new(&mut message));
    token_mac(key, &[b"grade", &asn.0, &message])
}

/// The record that opens a split, as a terminal caches it before the debit: payer ‖ due ‖ order.
#[must_use]
pub fn split_record(payer: [u8; 8], due: Amount, order: &OrderId) -> [u8; 28] {
    let mut record = [0; 28];
    let mut writer = Writer::new(&mut record);
    writer.put(&payer);
    writer.put(&due.to_bytes());
    writer.put(&order.0);
    record
}

/// What a card says about its split to its issuer: "split" ‖ open ‖ payer ‖ due ‖ order ‖ sequence. The TAC of the purchase does
/// not cover the part that is owed; this does.
#[must_use]
pub fn split_tac(codes: &SessionKey, split: &Split) -> Tac {
    let mut message = [0; Split::BYTES];
    split.write(&mut Writer::new(&mut message));
    codes.tac(&[b"split", &message])
}

/// Reads [`split_record`]; the sequence is that of the purchase, which is not known yet.
pub(crate) fn read_split_record(record: [u8; 28]) -> Option<Split> {
    let mut reader = Reader::new(&record);
    Some(Split {
        is_open: true,
        payer: reader.take()?,
        due: Amount::from_bytes(reader.take()?),
        order: OrderId(reader.take()?),
        sequence: Sequence::END,
    })
}
