//! The issuer's side of purses that pay each other (`docs/spec/purse-to-purse.md`, The issuer).
//!
//! # Specification
//!
//! * Value moves between purses without a posting. Each purse has an account of what it was loaded with; all of them together,
//!   the *float*, hold Σ balances + Σ lost + loads that were not fetched.
//! * A load is one transfer, from the wallet to the purse's account. From then on the money is the message: it fits one purse,
//!   once, and may be fetched as often as anybody likes.
//! * The messages of a purse are its loads in the order in which the ledger made them; the n-th has the number n, from 0. So
//!   nobody has to remember what was signed: whoever asks again, after any loss, gets the same messages.
//! * A report says which number the purse waits for. Whoever brings it gets the messages from there on.

use ledger::{AccountId, Transfer};
use money::{Amount as Money, Currency as MoneyCurrency};
use pki::{KeyPair, PublicKey, Signature, SubjectId};
use purse::{
    bytes::Reader,
    vtp::{AuthorityKind, AuthoritySequence, Currency, REPORT, Series, authority_message},
};
use wallet::{
    chart,
    ids::OperationId,
    postings::decision_id,
    purse_chart::{self, PurseName},
};

/// The series of value that loads bring.
pub const SERIES: Series = Series([0, 1]);
/// next sequence 4 ‖ issuer's number 4 ‖ status 1 ‖ exceptions 1 ‖ five times 16.
pub const REPORT_BYTES: usize = 90;

/// The name under which a card's purse pays others: the last six bytes of its issuer ‖ its serial number.
#[must_use]
pub fn subject(name: &PurseName) -> SubjectId {
    let [_, _, own @ ..] = name.0;
    SubjectId(own)
}

/// A currency as purses have it: its ISO 4217 number, a digit in each half of two bytes.
#[must_use]
pub fn pocket_currency(currency: MoneyCurrency) -> Currency {
    let digit = |by: u16| {
        let [_, digit] = (currency.numeric() / by % 10).to_be_bytes();
        digit
    };
    Currency([digit(100), digit(10) << 4 | digit(1)])
}

/// A load: the wallet's money becomes a message for this purse.
#[must_use]
pub fn load(name: &PurseName, load: OperationId, wallet: AccountId, amount: Money) -> Transfer {
    Transfer {
        id: decision_id(load),
        debit_account_id: wallet,
        credit_account_id: purse_chart::transfer_purse_id(name, amount.currency()),
        amount: ledger::Amount(u128::from(amount.minor())),
        user_data_128: name.transfer_bits(),
        ledger: chart::money_ledger(amount.currency()),
        code: chart::TRANSFER_PURSE_LOAD,
        ..Transfer::default()
    }
}

/// What the issuer signed for one purse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerMessage {
    /// Its number.
    pub number: AuthoritySequence,
    /// What it is.
    pub kind: AuthorityKind,
    /// Its content.
    pub content: Vec<u8>,
    /// Over purse, number, kind and content.
    pub signature: Signature,
}

impl IssuerMessage {
    /// The data of 90 34: number 4 ‖ content ‖ signature 64.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.number.0.to_be_bytes()[..], &self.content, &self.signature].concat()
    }
}

/// The messages of a purse from a number on; `loads` are all its loads in the ledger, in order.
#[must_use]
pub fn messages(
    key: &KeyPair,
    purse: SubjectId,
    loads: &[Transfer],
    from: AuthoritySequence,
) -> Vec<IssuerMessage> {
    let numbered = (0_u32..).map(AuthoritySequence).zip(loads).skip_while(|(number, _)| *number < from);
    numbered.filter_map(|(number, load)| message(key, purse, number, load)).collect()
}

/// `None` for what is no load of a purse.
fn message(
    key: &KeyPair,
    purse: SubjectId,
    number: AuthoritySequence,
    load: &Transfer,
) -> Option<IssuerMessage> {
    let currency = pocket_currency(chart::currency_of(load.ledger)?);
    let units = u32::try_from(load.amount.0).ok()?;
    let content = [&currency.0[..], &SERIES.0, &units.to_be_bytes()].concat();
    let kind = AuthorityKind::Load;
    let signature = authority_message(key, (purse, number), kind, &content)?;
    Some(IssuerMessage { number, kind, content, signature })
}

/// What a purse said about itself, and signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of the issuer's next message.
    pub issuer_number: AuthoritySequence,
}

/// Reads a report over a challenge. `None` where it is not signed by this key.
#[must_use]
pub fn read_report(
    (purse, key): (SubjectId, &PublicKey),
    challenge: &[u8; 16],
    report: &[u8; REPORT_BYTES],
    signature: &Signature,
) -> Option<Report> {
    let signed = [&purse.0[..], challenge, report].concat();
    key.verify(REPORT, &signed, signature).ok()?;
    let mut body = Reader::new(report);
    let _next_sequence: [u8; 4] = body.take()?;
    Some(Report { issuer_number: AuthoritySequence(u32::from_be_bytes(body.take()?)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: PurseName = PurseName([7; 18]);

    fn loads(amounts: &[u64]) -> Vec<Transfer> {
        let load = |(nth, minor): (u128, &u64)| {
            let amount = Money::from_minor(*minor, MoneyCurrency::CNY).unwrap();
            load(&NAME, OperationId::new(nth + 1), AccountId(9), amount)
        };
        (0..).zip(amounts).map(load).collect()
    }

    #[test]
    fn messages_are_numbered_by_the_ledger_and_signed_alike_whenever_they_are_asked_for() {
        let key = KeyPair::from_seed(&[3; 32]);
        let first = messages(&key, subject(&NAME), &loads(&[100, 250]), AuthoritySequence(0));
        let later = messages(&key, subject(&NAME), &loads(&[100, 250, 30]), AuthoritySequence(1));
        assert_eq!(first.iter().map(|message| message.number.0).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(later.iter().map(|message| message.number.0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(first[1], later[0]);
        assert_eq!(first[1].content, [0x01, 0x56, 0, 1, 0, 0, 0, 250]);
    }

    #[test]
    fn a_currency_is_written_in_its_digits() {
        assert_eq!(pocket_currency(MoneyCurrency::CNY), Currency([0x01, 0x56]));
        assert_eq!(pocket_currency(MoneyCurrency::EUR), Currency([0x09, 0x78]));
    }

    #[test]
    fn a_report_that_was_changed_is_not_believed() {
        let key = KeyPair::from_seed(&[4; 32]);
        let (purse, challenge) = (subject(&NAME), [5; 16]);
        let mut report = [0; REPORT_BYTES];
        report[7] = 2;
        let signature = key.sign(REPORT, &[&purse.0[..], &challenge, &report].concat()).unwrap();
        let read = |report: &[u8; REPORT_BYTES], challenge: &[u8; 16]| {
            read_report((purse, &key.public()), challenge, report, &signature)
        };
        assert_eq!(read(&report, &challenge), Some(Report { issuer_number: AuthoritySequence(2) }));
        let mut other = report;
        other[7] = 0;
        assert_eq!(read(&other, &challenge), None);
        assert_eq!(read(&report, &[6; 16]), None);
    }
}
